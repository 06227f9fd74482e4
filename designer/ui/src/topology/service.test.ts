import { describe, expect, it } from "vitest";
import { inputsOf, isTask, topologyOf } from "./document";
import { drawingOfBoard } from "./fromDesignboard";
import { openService, serviceOf } from "./service";

/** In the shape that FogFlow's first designer saves. */
const board = () => ({
  edges: [
    { id: 2, block1: 3, connector1: ["stream", "output"], block2: 1, connector2: ["streams", "input"] },
    { id: 3, block1: 2, connector1: ["outputs", "output", 0], block2: 3, connector2: ["in", "input"] },
    { id: 4, block1: 4, connector1: ["stream", "output"], block2: 2, connector2: ["streams", "input"] },
  ],
  blocks: [
    {
      id: 1,
      x: 210,
      y: -140,
      type: "Task",
      module: null,
      values: { name: "sum", operator: "adder", outputs: ["Total"] },
    },
    {
      id: 2,
      x: -190,
      y: -130,
      type: "Task",
      module: null,
      values: { name: "read", operator: "meter", outputs: ["Reading"] },
    },
    {
      id: 3,
      x: 10,
      y: -20,
      type: "Shuffle",
      module: null,
      values: { selectedattributes: ["all"], groupby: "ALL" },
    },
    {
      id: 4,
      x: -440.5,
      y: -180,
      type: "EntityStream",
      module: null,
      values: { selectedtype: "Meter", selectedattributes: ["all"], groupby: "EntityID", scoped: true },
    },
  ],
});

const topology = () => ({
  name: "energy",
  description: "adds up meters",
  trigger: "on-demand",
  tasks: [
    {
      name: "sum",
      operator: "adder",
      input_streams: [{ selected_type: "Reading", selected_attributes: [], groupby: "ALL", scoped: false }],
      output_streams: [{ entity_type: "Total" }],
    },
    {
      name: "read",
      operator: "meter",
      input_streams: [
        { selected_type: "Meter", selected_attributes: [], groupby: "EntityID", scoped: true, window: 3 },
      ],
      output_streams: [{ entity_type: "Reading" }],
    },
  ],
});

describe("a service of the first designer", () => {
  it("opens as it was drawn, with the details of the topology", () => {
    const { drawing, note } = openService({ topology: topology(), designboard: board(), owner: "x" });
    expect(note).toBeUndefined();
    expect(drawing.nodes.map(({ id, x, y }) => [id, x, y])).toContainEqual(["4", -440.5, -180]);
    expect(topologyOf(drawing)).toEqual(topology());
  });

  it("is saved with every member that it had, and the drawing as it was", () => {
    const designboard = { ...board(), zoom: 2 };
    const saved = serviceOf(openService({ topology: topology(), designboard, owner: "x" }).drawing);
    expect(saved).toMatchObject({ owner: "x", topology: topology(), designboard: { zoom: 2 } });
    const { edges, blocks } = saved.designboard as ReturnType<typeof board>;
    expect(edges.toSorted((a, b) => a.id - b.id)).toEqual(board().edges);
    const expected = board().blocks.map((block) => ({ ...block, x: Math.round(block.x) }));
    expect(blocks.toSorted((a, b) => a.id - b.id)).toEqual(expected);
  });

  it("takes details from the topology, which is what runs", () => {
    const changed = topology();
    changed.tasks[1]!.operator = "other";
    const { drawing, note } = openService({ topology: changed, designboard: board() });
    expect(note).toBeUndefined();
    expect(topologyOf(drawing)).toEqual(changed);
  });

  it("is drawn anew when the drawing shows another flow", () => {
    const changed = topology();
    changed.tasks[1]!.input_streams[0]!.selected_type = "Other";
    const { drawing, note } = openService({ topology: changed, designboard: board() });
    expect(note).toMatch("drawn anew");
    expect(topologyOf(drawing)).toEqual(changed);
  });

  it.each([undefined, null, {}, { blocks: [] }, "x"])(
    "is laid out when there is no drawing: %j",
    (designboard) => {
      const { drawing, note } = openService({ topology: topology(), designboard });
      expect(note).toBeUndefined();
      expect(drawing.nodes).toHaveLength(4);
    },
  );

  it("is laid out when the drawing cannot be read, and says why", () => {
    const { drawing, note } = openService({ topology: topology(), designboard: { blocks: [1, 2.5] } });
    expect(note).toContain("designboard.blocks[0] must be an object.");
    expect(drawing.nodes).toHaveLength(4);
  });
});

describe("a drawing of the first form", () => {
  const old = {
    edges: [
      {
        id: 1,
        block1: 1,
        connector1: ["outputs", "output", 0],
        block2: 2,
        connector2: ["inputs", "input", 0],
      },
      { id: 2, block1: 4, connector1: ["stream", "output"], block2: 1, connector2: ["inputs", "input", 1] },
      { id: 3, block1: 3, connector1: ["stream", "output"], block2: 1, connector2: ["inputs", "input", 0] },
    ],
    blocks: [
      {
        id: 1,
        x: -20,
        y: -95,
        type: "Task",
        module: null,
        values: {
          name: "find",
          operator: "finder",
          groupby: "shop",
          inputs: ["unicast", "broadcast"],
          outputs: ["Hit"],
        },
      },
      {
        id: 2,
        x: 200,
        y: -95,
        type: "Task",
        module: null,
        values: {
          name: "count",
          operator: "counter",
          groupby: "all",
          inputs: ["unicast"],
          outputs: ["Stat"],
        },
      },
      {
        id: 3,
        x: -280,
        y: -140,
        type: "InputStream",
        module: null,
        values: { entitytype: "Panel", scoped: true },
      },
      {
        id: 4,
        x: -280,
        y: 24,
        type: "InputStream",
        module: null,
        values: { entitytype: "Rule", scoped: false },
      },
    ],
  };

  it("is turned into the later one", () => {
    const drawing = drawingOfBoard(old);
    expect(topologyOf(drawing).tasks.map((task) => task.input_streams)).toEqual([
      [
        { selected_type: "Panel", selected_attributes: [], groupby: "shop", scoped: true },
        { selected_type: "Rule", selected_attributes: [], groupby: "ALL", scoped: false },
      ],
      [{ selected_type: "Hit", selected_attributes: [], groupby: "ALL", scoped: true }],
    ]);
  });

  it("gives tasks that group differently a stream each", () => {
    const shared = structuredClone(old);
    shared.edges[0] = {
      id: 1,
      block1: 3,
      connector1: ["stream", "output"],
      block2: 2,
      connector2: ["inputs", "input", 0],
    };
    const drawing = drawingOfBoard(shared);
    const groups = drawing.nodes
      .filter(isTask)
      .map((task) => inputsOf(drawing, task.id).map((s) => s.groupby));
    expect(groups).toEqual([["shop", "ALL"], ["ALL"]]);
  });
});

describe("a drawing that makes no sense is named", () => {
  const block = (id: number, type: string, values = {}) => ({ id, x: 0, y: 0, type, module: null, values });
  const line = (block1: unknown, block2: unknown, index?: number) => ({
    id: 1,
    block1,
    connector1: ["outputs", "output", index],
    block2,
    connector2: ["streams", "input"],
  });
  it.each([
    [7, "designboard must be an object."],
    [{ blocks: {} }, "designboard.blocks must be a list."],
    [{ blocks: [block(1, "FogFunction")] }, "designboard.blocks[0].type `FogFunction` is no block"],
    [{ blocks: [block(1.5, "Task")] }, "designboard.blocks[0].id must be a whole number."],
    [{ blocks: [block(1, "Task"), block(1, "Task")] }, "designboard.blocks[1].id 1 is there twice."],
    [{ blocks: [block(1, "Task", { outputs: 7 })] }, "designboard.blocks[0].values.outputs must be a list."],
    [
      { blocks: [block(1, "Task")], edges: [line(1, 9)] },
      "designboard.edges[0] joins a block that is not there.",
    ],
    [{ blocks: [block(1, "Task"), block(2, "Task")], edges: [line(1, 2, 3)] }, "does not have"],
    [{ blocks: [block(1, "Shuffle"), block(2, "Shuffle")], edges: [line(1, 2)] }, "streams feed tasks only"],
  ])("%j", (value, message) => {
    expect(() => drawingOfBoard(value)).toThrow(message);
  });
});
