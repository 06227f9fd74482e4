import { describe, expect, it } from "vitest";
import type { Attribute, Metadatum } from "@/api/types";
import { placeOf } from "./place";

const there = { latitude: 49.41, longitude: 8.69 };
const of = (domainMetadata: Metadatum[], attributes: Attribute[] = []) =>
  placeOf({ entityId: { id: "Car.1", type: "Car" }, attributes, domainMetadata });

describe("the place of an entity", () => {
  it("is its metadatum named location", () => {
    const elsewhere = { name: "site", type: "point", value: { latitude: 1, longitude: 2 } };
    expect(of([elsewhere, { name: "location", type: "point", value: there }])?.point).toEqual(there);
    expect(of([{ name: "Location", type: "Point", value: there }])?.point).toEqual(there);
    expect(of([elsewhere])?.point).toEqual(elsewhere.value);
  });

  it("is the middle of an area", () => {
    const circle = { centerLatitude: 49.41, centerLongitude: 8.69, radius: 50 };
    const round = of([{ name: "location", type: "circle", value: circle }]);
    expect(round).toEqual({ point: there, area: { scopeType: "circle", scopeValue: circle } });
    const vertices = [
      { latitude: 0, longitude: 0 },
      { latitude: 0, longitude: 3 },
      { latitude: 3, longitude: 0 },
    ];
    const polygon = of([{ name: "location", type: "polygon", value: { vertices } }]);
    expect(polygon?.point).toEqual({ latitude: 1, longitude: 1 });
    expect(polygon?.area?.scopeType).toBe("polygon");
  });

  it("is nowhere for what is everywhere or no place", () => {
    for (const [type, value] of [
      ["global", "global"],
      ["string", "Heidelberg"],
      ["point", { latitude: 91, longitude: 0 }],
      ["point", null],
      ["circle", { centerLatitude: 1, centerLongitude: 1, radius: -1 }],
      ["polygon", { vertices: [there] }],
    ] as const) {
      expect(of([{ name: "location", type, value }]), type).toBeUndefined();
    }
    expect(placeOf({ entityId: { id: "x", type: "" } })).toBeUndefined();
  });

  it("may be an attribute, as any dialect writes it", () => {
    for (const [name, type, value] of [
      ["location", "point", there],
      ["position", "object", { latitude: "49.41", longitude: "8.69" }],
      ["location", "geo:point", "49.41, 8.69"],
      ["location", "geo:json", { type: "Point", coordinates: [8.69, 49.41] }],
      ["location", "GeoProperty", { type: "Point", coordinates: [8.69, 49.41] }],
      ["position", "string", JSON.stringify(there)],
    ] as const) {
      expect(of([], [{ name, type, value }])?.point, type).toEqual(there);
    }
    expect(of([], [{ name: "where", type: "point", value: there }])).toBeUndefined();
    expect(of([], [{ name: "location", type: "geo:point", value: "49.41" }])).toBeUndefined();
  });

  it("is what the metadata say rather than an attribute", () => {
    const attribute = { name: "location", type: "point", value: { latitude: 1, longitude: 1 } };
    expect(of([{ name: "location", type: "point", value: there }], [attribute])?.point).toEqual(there);
  });
});
