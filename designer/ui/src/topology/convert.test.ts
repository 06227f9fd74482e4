import { describe, expect, it } from "vitest";
import { boardOf, designboardOf } from "./designboard";
import { type Drawing, indexOf, isTask, topologyOf } from "./document";
import { drawingOfBoard } from "./fromDesignboard";
import { drawingOf } from "./fromTopology";
import { sizeOf } from "./layout";
import { meaningOf, openService, serviceOf } from "./service";
import { anyDrawing, anyTopology, seeded } from "./testing";

const seeds = Array.from({ length: 300 }, (_, seed) => seed);

const wire = (value: unknown) => JSON.parse(JSON.stringify(value));

/** What FogFlow's first editor checks when it loads a drawing. */
function loads(board: ReturnType<typeof boardOf>) {
  const known = {
    Task: ["name", "operator", "outputs"],
    EntityStream: ["selectedtype", "selectedattributes", "groupby", "scoped"],
    Shuffle: ["selectedattributes", "groupby"],
  };
  const outgoing = { Task: "outputs", EntityStream: "stream", Shuffle: "stream" };
  const incoming = { Task: "streams", EntityStream: "", Shuffle: "in" };
  const blocks = new Map(board.blocks.map((block) => [block.id, block]));
  expect(blocks.size).toBe(board.blocks.length);
  for (const block of board.blocks) {
    expect(Number.isInteger(block.id)).toBe(true);
    expect(block.module).toBeNull();
    for (const name of Object.keys(block.values)) expect(known[block.type]).toContain(name);
  }
  for (const { block1, connector1, block2, connector2 } of board.edges) {
    const from = blocks.get(block1)!;
    const to = blocks.get(block2)!;
    expect(connector1.slice(0, 2)).toEqual([outgoing[from.type], "output"]);
    expect(connector1.length).toBe(from.type === "Task" ? 3 : 2);
    expect(connector2).toEqual([incoming[to.type], "input"]);
    if (from.type === "Task") {
      expect(connector1[2]).toBeLessThan((from.values.outputs as string[]).length);
    }
  }
}

describe("a topology without a drawing", () => {
  it.each(seeds)("means the same when it was drawn (seed %i)", (seed) => {
    const topology = anyTopology(seeded(seed));
    expect(wire(topologyOf(drawingOf(wire(topology))))).toEqual(wire(topology));
  });

  it("is laid out without nodes over one another", () => {
    const drawing = drawingOf(wire(anyTopology(seeded(7))));
    const boxes = drawing.nodes.map((node) => ({ ...sizeOf(node), x: node.x, y: node.y }));
    for (const [index, a] of boxes.entries()) {
      for (const b of boxes.slice(index + 1)) {
        const apart =
          a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart).toBe(true);
      }
    }
  });

  it("shares a stream that tasks read alike, and feeds one from every task that writes its type", () => {
    const input = (selected_type: string) => ({
      selected_type,
      selected_attributes: [],
      groupby: "ALL",
      scoped: false,
    });
    const task = (name: string, from: string, to: string) => ({
      name,
      operator: "op",
      input_streams: [input(from)],
      output_streams: [{ entity_type: to }],
    });
    const drawing = drawingOf({
      name: "t",
      tasks: [task("a", "X", "Y"), task("b", "X", "Y"), task("c", "Y", "Z")],
    });
    const streams = drawing.nodes.filter((node) => !isTask(node));
    expect(streams).toHaveLength(2);
    expect(indexOf(drawing).into.get(streams[1]!.id)).toHaveLength(2);
  });

  it("of the first form is read too", () => {
    const drawing = drawingOf({
      name: "old",
      tasks: [
        {
          name: "find",
          operator: "finder",
          groupBy: "cameraID",
          input_streams: [
            { type: "Camera", shuffling: "unicast", scoped: true },
            { type: "Child", shuffling: "broadcast", scoped: false },
          ],
          output_streams: [{ type: "Found" }],
        },
      ],
    });
    expect(topologyOf(drawing).tasks[0]).toEqual({
      name: "find",
      operator: "finder",
      input_streams: [
        { selected_type: "Camera", selected_attributes: [], groupby: "cameraID", scoped: true },
        { selected_type: "Child", selected_attributes: [], groupby: "ALL", scoped: false },
      ],
      output_streams: [{ entity_type: "Found" }],
    });
  });
});

describe("a drawing", () => {
  const shape = (drawing: Drawing) => ({
    nodes: drawing.nodes.map(({ id, x, y, kind }) => ({ id, x, y, kind })),
    edges: drawing.edges,
  });

  it.each(seeds)("is the same when it was saved and opened (seed %i)", (seed) => {
    const drawing = anyDrawing(seeded(seed));
    const opened = openService(wire(serviceOf(drawing)));
    expect(opened.note).toBeUndefined();
    expect(meaningOf(opened.drawing)).toBe(meaningOf(drawing));
    if (drawing.nodes.length === 0) return;
    expect(opened.drawing.nodes.map(({ id, x, y }) => [id, x, y]).toSorted()).toEqual(
      drawing.nodes.map(({ id, x, y }) => [id, x, y]).toSorted(),
    );
    expect(opened.drawing.edges).toHaveLength(drawing.edges.length);
  });

  it.each(seeds)("opens in the first designer (seed %i)", (seed) => {
    loads(boardOf(anyDrawing(seeded(seed))));
    loads(designboardOf(anyTopology(seeded(seed))));
  });

  it.each(seeds)("survives as a bare designboard (seed %i)", (seed) => {
    const drawing = anyDrawing(seeded(seed));
    expect(shape(drawingOfBoard(wire(boardOf(drawing))))).toEqual(shape(drawing));
  });
});
