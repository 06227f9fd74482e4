import { describe, expect, it } from "vitest";
import { clipped, graticuleStep } from "./landLayer";
import { countriesOf } from "./world";

const box = [0, 0, 10, 10] as const;

describe("land", () => {
  it("keeps what is inside a tile and cuts the rest at its edge", () => {
    expect(clipped([2, 2, 8, 2, 8, 8], box)).toEqual([2, 2, 8, 2, 8, 8]);
    expect(clipped([20, 20, 30, 20, 30, 30], box)).toEqual([]);
    const half = clipped([5, 2, 15, 2, 15, 8, 5, 8], box);
    expect(Math.max(...half.filter((_, at) => at % 2 === 0))).toBe(10);
    expect(half).toHaveLength(8);
  });

  it("covers a tile that lies wholly inside", () => {
    expect(clipped([-90, -90, 90, -90, 90, 90, -90, 90], box)).toHaveLength(8);
  });

  it("has lines near enough to be of use at every zoom", () => {
    expect(graticuleStep(512)).toBe(30);
    expect(graticuleStep(256 * 2 ** 10)).toBe(0.5);
  });

  it("draws a country on both sides of the antimeridian as one", () => {
    const [country] = countriesOf({
      type: "Topology",
      arcs: [
        [
          [179, 10],
          [-179, 10],
          [-179, -10],
          [179, -10],
          [179, 10],
        ],
      ],
      objects: {
        countries: {
          type: "GeometryCollection",
          geometries: [{ type: "Polygon", arcs: [[0]], properties: { name: "Middle" } }],
        },
      },
    });
    expect(country!.rings[0]!.east - country!.rings[0]!.west).toBeCloseTo(2 / 360);
    expect(country!.label.y).toBeCloseTo(0.5);
  });
});
