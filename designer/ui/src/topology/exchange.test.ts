import { beforeEach, describe, expect, it } from "vitest";
import { topologyOf } from "./document";
import { draftOf, dropDraft, keepDraft } from "./drafts";
import { fileNameOf, read, written } from "./exchange";
import { drawingOf } from "./fromTopology";
import { meaningOf } from "./service";
import { summariesOf } from "./summary";
import { anyDrawing, seeded } from "./testing";

const drawing = anyDrawing(seeded(3), 80);

describe("files", () => {
  it("that were written are read again", () => {
    expect(meaningOf(read(written(drawing, "service")).drawing)).toBe(meaningOf(drawing));
    expect(meaningOf(read(written(drawing, "topology")).drawing)).toBe(meaningOf(drawing));
    expect(read(written(drawing, "designboard")).drawing.nodes).toHaveLength(drawing.nodes.length);
    expect(fileNameOf({ ...drawing, name: "a b/c" }, "designboard")).toBe("a-b-c.designboard.json");
  });

  it("as they are posted and answered are read too", () => {
    const service = JSON.parse(written(drawing, "service"));
    expect(meaningOf(read(JSON.stringify([service])).drawing)).toBe(meaningOf(drawing));
    expect(meaningOf(read(JSON.stringify({ drawn: service })).drawing)).toBe(meaningOf(drawing));
  });

  it("that are nested without end are refused, and blocks are within reach", () => {
    const deep = `{"name":"t","tasks":[],"extra":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}`;
    expect(() => read(deep)).toThrow("The document is nested too deep.");
    const block = { id: 1, x: 1e300, y: -1e300, type: "EntityStream", values: { selectedtype: "A" } };
    expect(read(JSON.stringify({ blocks: [block], edges: [] })).drawing.nodes[0]).toMatchObject({
      x: 100_000,
      y: -100_000,
    });
  });

  it("with more tasks than can be drawn say so", () => {
    const tasks = Array.from({ length: 1_001 }, (_, at) => ({ name: `t${at}` }));
    for (const document of [
      { name: "t", tasks },
      { topology: { name: "t", tasks } },
      { name: "t", tasks: [], blocks: tasks.concat(tasks, tasks) },
    ]) {
      expect(() => read(JSON.stringify(document))).toThrow("at most 1000 tasks can be drawn");
    }
  });

  it("in which a topology is an entity are read", () => {
    const { topology, designboard } = JSON.parse(written(drawing, "service"));
    const attributes = {
      template: { type: "object", value: topology },
      designboard: { type: "object", value: designboard },
    };
    const entity = { entityId: { id: "Topology.t", type: "Topology" }, attributes };
    expect(meaningOf(read(JSON.stringify(entity)).drawing)).toBe(meaningOf(drawing));
    expect(() => read('{"entityId":{"id":"a"},"attributes":[]}')).toThrow("attributes must be an object.");
    expect(() => read('{"entityId":{"id":"a"}}')).toThrow("This is no topology");
  });

  it("a topology that was read back comes without copies of its operators", () => {
    const topology = { name: "t", tasks: [], operators: [{ name: "op" }] };
    expect(topologyOf(read(JSON.stringify(topology)).drawing)).toEqual({
      name: "t",
      description: "",
      tasks: [],
    });
  });

  it.each([
    ["{", "This is not JSON"],
    ["7", "The document must be an object."],
    ["[]", "The list holds 0 documents"],
    ["[{},{}]", "The list holds 2 documents; import one at a time."],
    ['{"name":"x"}', "This is no topology"],
    ["{}", "This is no topology"],
    ['{"name":7,"tasks":[]}', "name must be a text."],
    [
      '{"tasks":[{"name":"a","input_streams":[{"scoped":3}]}]}',
      "tasks[0].input_streams[0].scoped must be true or false.",
    ],
    ['{"topology":{"tasks":[7]}}', "topology.tasks[0] must be an object."],
    ['{"blocks":[{"id":"x"}]}', "blocks[0].id must be a number."],
    [`"${"x".repeat(1_000_001)}"`, "This is 1.0 MB; at most 1 MB can be imported."],
  ])("that cannot be read are told what is wrong: %#", (text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});

describe("drafts", () => {
  beforeEach(() => localStorage.clear());

  it("are kept until they are dropped", () => {
    expect(keepDraft("t", drawing, 5)).toBe(true);
    expect(draftOf("t")).toEqual({ at: 5, drawing: JSON.parse(JSON.stringify(drawing)) });
    dropDraft("t");
    expect(draftOf("t")).toBeUndefined();
  });

  it("are bounded in number and size, and survive nonsense", () => {
    for (let at = 0; at < 15; at++) keepDraft(`t${at}`, drawing, at);
    expect(draftOf("t4")).toBeUndefined();
    expect(draftOf("t5")).toBeDefined();
    expect(keepDraft("t", { ...drawing, description: "x".repeat(600_000) }, 1)).toBe(false);
    localStorage.setItem("fogflow.topology.bad", "{");
    expect(draftOf("bad")).toBeUndefined();
  });
});

it("a summary follows the data", () => {
  const input = (selected_type: string) => [{ selected_type }];
  const tasks = [
    { name: "b", operator: "counter", input_streams: input("Y"), output_streams: [{ entity_type: "Z" }] },
    { name: "a", operator: "anomaly", input_streams: input("X"), output_streams: [{ entity_type: "Y" }] },
  ];
  const topology = topologyOf(drawingOf({ name: "t", tasks }));
  expect(summariesOf(topology)).toEqual([
    { task: "a", inputs: ["X"], operator: "anomaly", outputs: ["Y"] },
    { task: "b", inputs: ["Y"], operator: "counter", outputs: ["Z"] },
  ]);
});
