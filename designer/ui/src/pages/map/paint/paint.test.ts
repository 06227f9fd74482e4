import { describe, expect, it } from "vitest";
import type { CanvasView } from "@/map";
import { isNearEdge } from "./areas";
import { curveOf, joined } from "./arrows";
import { beside } from "./layout";

const view = {
  x: (longitude: number) => longitude * 10,
  y: (latitude: number) => -latitude * 10,
} as CanvasView;
const node = {
  mark: { kind: "site" as const, at: { latitude: 0, longitude: 0 }, sites: [] },
  dots: [],
  radius: 24,
};

describe("arrows", () => {
  const from = { x: 0, y: 0, radius: 5 };
  const to = { x: 100, y: 0, radius: 10 };

  it("end at the edge of what they lead to and bend to one side", () => {
    const curve = curveOf({ from, to })!;
    expect(Math.hypot(curve.end.x - 100, curve.end.y)).toBeCloseTo(12);
    expect(curve.bend.y).toBeGreaterThan(0);
    expect(curveOf({ from: to, to: from })!.bend.y).toBeLessThan(0);
    expect(curveOf({ from, to: { ...to, x: 8 } })).toBeUndefined();
  });

  it("between the same marks are one", () => {
    const arrows = joined([
      { from, to, shade: 1 },
      { from, to, shade: 1 },
      { from, to, shade: 2 },
    ]);
    expect(arrows.map(({ count }) => count)).toEqual([2, 1]);
  });
});

describe("layout", () => {
  const cluster = {
    kind: "cluster" as const,
    at: { latitude: 0, longitude: 0 },
    counts: [9],
    count: 9,
    cluster: 1,
  };

  it("moves a cluster out from under a node, and only that", () => {
    const moved = beside({ mark: cluster, x: 50, y: 50 }, [{ ...node, x: 50, y: 50 }]);
    expect(Math.hypot(moved.x - 50, moved.y - 50)).toBeGreaterThan(24);
    expect(beside({ mark: cluster, x: 200, y: 50 }, [{ ...node, x: 50, y: 50 }])).toMatchObject({
      x: 200,
      y: 50,
    });
    const entity = { kind: "entity" as const, id: "a", type: "A", at: cluster.at, shift: { x: 0, y: 0 } };
    expect(beside({ mark: entity, x: 50, y: 50 }, [{ ...node, x: 50, y: 50 }])).toMatchObject({
      x: 50,
      y: 50,
    });
  });

  it("finds the outline of an area, its last side too", () => {
    const ring = [
      { latitude: 0, longitude: 0 },
      { latitude: 0, longitude: 10 },
      { latitude: 10, longitude: 10 },
      { latitude: 10, longitude: 0 },
    ];
    expect(isNearEdge(ring, view, 50, 3)).toBe(true);
    expect(isNearEdge(ring, view, 2, -50)).toBe(true);
    expect(isNearEdge(ring, view, 50, -50)).toBe(false);
  });
});
