import { describe, expect, it } from "vitest";
import { graphKey, graphOf, narrow } from "./graph";
import { type Layout, layoutKey, layoutOf, sizeOf } from "./layout";
import { instance, power, tasks } from "./sample.testkit";

const idsOf = (...given: Parameters<typeof graphOf>) =>
  graphOf(...given)
    .nodes.map(({ id }) => id)
    .sort();
const edgesOf = (...given: Parameters<typeof graphOf>) =>
  graphOf(...given)
    .edges.map(({ id }) => id)
    .sort();

describe("the graph", () => {
  it("draws few entities and instances one by one", () => {
    expect(edgesOf(power(2), tasks, {})).toEqual([
      "entity:Anomaly/Anomaly.1→instance:Task.power.counter.1",
      "entity:Anomaly/Anomaly.2→instance:Task.power.counter.1",
      "entity:PowerPanel/Panel.1→instance:Task.power.detector.1",
      "entity:PowerPanel/Panel.2→instance:Task.power.detector.2",
      "entity:Rule/Rule.1→instance:Task.power.detector.1",
      "entity:Rule/Rule.1→instance:Task.power.detector.2",
      "instance:Task.power.counter.1→entity:Stat/Stat.1",
      "instance:Task.power.detector.1→entity:Anomaly/Anomaly.1",
      "instance:Task.power.detector.2→entity:Anomaly/Anomaly.2",
    ]);
  });

  it("groups many entities by type and counts them", () => {
    const { nodes } = graphOf(power(20), tasks, {});
    expect(nodes.filter(({ kind }) => kind === "entities")).toEqual([
      { id: "type:Anomaly", kind: "entities", type: "Anomaly", count: 20 },
      { id: "type:PowerPanel", kind: "entities", type: "PowerPanel", count: 20 },
    ]);
  });

  it("puts more instances than a few side by side, without a line to each", () => {
    const { nodes, edges } = graphOf(power(20), tasks, {});
    expect(nodes.find((node) => node.kind === "tiles")?.instances).toHaveLength(20);
    expect(edges.map(({ id }) => id)).toContain("type:PowerPanel→tiles:detector");
  });

  it("counts many instances of a task, and small tasks beside it one by one", () => {
    expect(edgesOf(power(120), tasks, {})).toEqual([
      "entity:Rule/Rule.1→task:detector",
      "instance:Task.power.counter.1→entity:Stat/Stat.1",
      "task:detector→type:Anomaly",
      "type:Anomaly→instance:Task.power.counter.1",
      "type:PowerPanel→task:detector",
    ]);
  });

  it("shows and hides instances as the reader wants: many of them side by side", () => {
    const { nodes } = graphOf(power(120), tasks, { detector: true });
    const tiles = nodes.find((node) => node.kind === "tiles");
    expect(tiles?.instances).toHaveLength(120);
    expect(tiles?.instances.slice(0, 3).map((id) => id.split(".").at(-1))).toEqual(["1", "2", "3"]);
    expect(idsOf(power(2), tasks, { detector: false })).toContain("task:detector");
  });

  it("groups sooner on a small screen", () => {
    expect(idsOf(power(6), tasks, {}, narrow)).toEqual([
      "entity:Rule/Rule.1",
      "entity:Stat/Stat.1",
      "instance:Task.power.counter.1",
      "task:detector",
      "type:Anomaly",
      "type:PowerPanel",
    ]);
  });

  it("shows tasks that wait for data, joined to what is there", () => {
    const detector = power(1).slice(0, 1);
    expect(edgesOf(detector, tasks, {})).toContain("entity:Anomaly/Anomaly.1→task:counter");
    expect(edgesOf([], tasks, {})).toEqual([
      "task:counter→type:Stat",
      "task:detector→type:Anomaly",
      "type:Anomaly→task:counter",
      "type:PowerPanel→task:detector",
      "type:Rule→task:detector",
    ]);
  });

  it("takes an input that names a type only", () => {
    const any = instance("t", 1, { Inputs: [{ Type: "Camera", ID: "" }] });
    expect(graphOf([any], [], {}).nodes[1]).toEqual({
      id: "type:Camera",
      kind: "entities",
      type: "Camera",
      count: 0,
    });
  });

  it("is the same when only states and rates change", () => {
    const later = power(120).map((one) => ({ ...one, InputRate: 9, Status: "failed" as const }));
    expect(graphKey(graphOf(later, tasks, {}))).toBe(graphKey(graphOf(power(120), tasks, {})));
    expect(graphKey(graphOf(power(121), tasks, {}))).not.toBe(graphKey(graphOf(power(120), tasks, {})));
  });
});

describe("the layout", () => {
  const positions = ({ places }: Layout) => [...places.values()];

  it("goes in the direction of the data and lets no two nodes overlap", () => {
    const graph = graphOf(power(8), tasks, {});
    const { places } = layoutOf(graph, false);
    expect(places.size).toBe(graph.nodes.length);
    for (const { from, to } of graph.edges) {
      const start = places.get(from)!;
      expect(start.x + start.width).toBeLessThan(places.get(to)!.x);
    }
    const all = [...places.values()];
    const apart = all.every((a, index) =>
      all
        .slice(index + 1)
        .every(
          (b) =>
            a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y,
        ),
    );
    expect(apart).toBe(true);
  });

  it("gives the same places for the same graph, and its whole size", () => {
    const layout = layoutOf(graphOf(power(3), tasks, {}), false);
    expect(positions(layout)).toEqual(positions(layoutOf(graphOf(power(3), tasks, {}), false)));
    for (const { x, y, width, height } of positions(layout)) {
      expect(x + width).toBeLessThanOrEqual(layout.width);
      expect(y + height).toBeLessThanOrEqual(layout.height);
    }
  });

  it("goes down on a small screen when that is narrower", () => {
    const graph = graphOf(power(120), tasks, {}, narrow);
    expect(layoutOf(graph, true).direction).toBe("TB");
    expect(layoutOf(graph, false).direction).toBe("LR");
  });

  it("does not change with the number of entities behind one node", () => {
    expect(layoutKey(graphOf(power(120), tasks, {}))).toBe(layoutKey(graphOf(power(121), tasks, {})));
  });

  it("makes room for every tile", () => {
    const instances = Array.from({ length: 500 }, (_, index) => String(index));
    const { width, height } = sizeOf({ id: "t", kind: "tiles", task: "t", instances });
    expect((width / 138) * (height / 38)).toBeGreaterThan(500);
  });

  it("has nothing to do for an empty graph", () => {
    expect(layoutOf({ nodes: [], edges: [] }, true).places.size).toBe(0);
  });
});
