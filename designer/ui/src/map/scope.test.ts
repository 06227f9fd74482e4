import { describe, expect, it } from "vitest";
import type { GeoScope } from "@/api/types";
import { destination, distanceM, mercatorY, placed, ringOf, within } from "./geometry";
import {
  circleOf,
  EVERYWHERE,
  emptyScope,
  metres,
  polygonOf,
  scopeOf,
  scopeProblems,
  scopeText,
} from "./scope";

const heidelberg = { latitude: 49.41, longitude: 8.69 };
const triangle = polygonOf([
  { latitude: 49, longitude: 8 },
  { latitude: 50, longitude: 8 },
  { latitude: 49.5, longitude: 10 },
]);

describe("geometry", () => {
  it("measures along the great circle", () => {
    const capeTown = { latitude: -33.92, longitude: 18.42 };
    expect(distanceM(heidelberg, capeTown) / 1000).toBeCloseTo(9314, -1);
    expect(distanceM(heidelberg, heidelberg)).toBe(0);
  });

  it("goes as far as it was told in any direction", () => {
    for (const bearing of [0, 45, 90, 200, 359]) {
      expect(distanceM(heidelberg, destination(heidelberg, 25_000, bearing))).toBeCloseTo(25_000, 3);
    }
  });

  it("draws a circle at its radius and a polygon at its corners", () => {
    const ring = ringOf(circleOf(heidelberg, 900));
    expect(ring).toHaveLength(96);
    for (const point of ring) expect(distanceM(heidelberg, point)).toBeCloseTo(900, 3);
    expect(ringOf(triangle)).toHaveLength(3);
    expect(ringOf(EVERYWHERE)).toEqual([]);
    expect(ringOf(emptyScope("circle"))).toEqual([]);
  });

  it("tells what lies within", () => {
    expect(within(circleOf(heidelberg, 1000), destination(heidelberg, 999, 77))).toBe(true);
    expect(within(circleOf(heidelberg, 1000), destination(heidelberg, 1001, 77))).toBe(false);
    expect(within(triangle, { latitude: 49.5, longitude: 9 })).toBe(true);
    expect(within(triangle, { latitude: 49.1, longitude: 9.9 })).toBe(false);
    expect(within(EVERYWHERE, heidelberg)).toBe(true);
  });

  it("brings a place back from the copies of the world beside it", () => {
    expect(placed(10, 190)).toEqual({ latitude: 10, longitude: -170 });
    expect(placed(95, -540)).toEqual({ latitude: 90, longitude: -180 });
  });

  it("puts the equator in the middle and ends at the poles", () => {
    expect(mercatorY(0)).toBeCloseTo(0.5);
    expect(mercatorY(90)).toBeCloseTo(0);
    expect(mercatorY(-90)).toBeCloseTo(1);
  });
});

describe("scope", () => {
  const check = (scope: GeoScope, ...paths: string[]) =>
    expect(Object.keys(scopeProblems(scope))).toEqual(paths);

  it("names each member that is wrong", () => {
    check(EVERYWHERE);
    check(circleOf(heidelberg, 10));
    check(triangle);
    check(
      emptyScope("circle"),
      "scopeValue.centerLatitude",
      "scopeValue.centerLongitude",
      "scopeValue.radius",
    );
    check(
      { scopeType: "circle", scopeValue: { centerLatitude: 91, centerLongitude: 0, radius: 0 } },
      ...["scopeValue.centerLatitude", "scopeValue.radius"],
    );
    check(emptyScope("polygon"), "scopeValue.vertices");
    check(
      polygonOf([heidelberg, heidelberg, { latitude: 0, longitude: 181 }]),
      "scopeValue.vertices[2].longitude",
    );
  });

  it("reads what other clients write", () => {
    expect(scopeOf(undefined)).toBe(EVERYWHERE);
    expect(scopeOf({ scopeType: "local", scopeValue: "local" })).toBe(EVERYWHERE);
    const circle = { centerLatitude: 1, centerLongitude: 2, radius: 3 };
    expect(scopeOf({ type: "circle", value: circle })).toEqual({ scopeType: "circle", scopeValue: circle });
    expect(scopeOf(triangle)).toEqual(triangle);
    expect(scopeOf({ scopeType: "nearby", scopeValue: { limit: 1 } })).toBeUndefined();
  });

  it("is said in words", () => {
    expect(scopeText(circleOf(heidelberg, 1500))).toBe("within 1.5 km of 49.41, 8.69");
    expect(scopeText(triangle)).toBe("in a polygon of 3 corners");
    expect(scopeText(undefined)).toBe("everywhere");
    expect(metres(999.4)).toBe("999 m");
  });
});
