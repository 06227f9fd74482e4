import { expect, test } from "vitest";
import type { FogFunction, Instance } from "@/api/types";
import {
  documentOf,
  draftOf,
  groupingOf,
  type Known,
  newFunction,
  newInput,
  operatorOf,
  problemsOf,
  taskOf,
  withIntent,
  withTask,
} from "./fogFunction";
import { byIntent, counted } from "./instances";

const known: Known = {
  functions: new Set(["other"]),
  services: new Set(["shop"]),
  operators: new Set(["counter"]),
};

const complete = () => {
  const draft = withTask({ ...newFunction(), name: "alarm" }, { operator: "counter" });
  const [input] = taskOf(draft).input_streams;
  return withTask(draft, {
    input_streams: [{ ...input!, selected_type: "Room" }],
    output_streams: [{ entity_type: "Alarm" }],
  });
};

test("what is sent is named and drawn", () => {
  const sent = documentOf(complete());
  expect(sent.topology.name).toBe("alarm");
  expect(sent.intent.topology).toBe("alarm");
  expect(taskOf(sent).input_streams[0]?.selected_attributes).toEqual(["all"]);
  expect(sent.designboard).toHaveProperty("blocks.length", 2);
});

test("members that the form does not know are kept, and the drawing while the topology is the same", () => {
  const stored = {
    ...documentOf(complete()),
    designboard: { blocks: [], edges: [], by: "hand" },
    owner: "me",
  } as FogFunction;
  stored.topology.team = "a";
  stored.intent.sla = "gold";
  const same = documentOf(withIntent(draftOf(stored), { priority: { exclusive: true, level: 3 } }), stored);
  expect(same).toEqual({ ...stored, intent: { ...stored.intent, priority: { exclusive: true, level: 3 } } });
  const [input] = taskOf(stored).input_streams;
  input!.selected_attributes = [];
  const described = draftOf(stored);
  described.topology.description = "more";
  expect(documentOf(described, stored)).toEqual({
    ...stored,
    topology: { ...stored.topology, description: "more" },
  });
  const other = documentOf(withTask(draftOf(stored), { output_streams: [{ entity_type: "X" }] }), stored);
  expect(other.designboard).not.toEqual(stored.designboard);
  expect(other.owner).toBe("me");
});

test("attributes are trimmed and outputs without a type left out", () => {
  const draft = complete();
  const [input] = taskOf(draft).input_streams;
  const changed = withTask(draft, {
    input_streams: [{ ...input!, selected_type: "Room ", selected_attributes: ["a", " b", ""] }],
    output_streams: [{ entity_type: "" }],
  });
  const task = taskOf(documentOf(changed));
  expect(task.input_streams[0]?.selected_type).toBe("Room");
  expect(task.input_streams[0]?.selected_attributes).toEqual(["a", "b"]);
  expect(task.output_streams).toEqual([]);
});

test("a short stored document gets what the form needs", () => {
  const stored = { name: "f", topology: { name: "f", tasks: [{ name: "t", operator: "counter" }] } };
  const task = taskOf(draftOf(stored as FogFunction));
  expect(task.input_streams).toEqual([newInput()]);
  expect(task.output_streams).toEqual([{ entity_type: "" }]);
});

test("a complete function has no problems, with an operator or code of its own", () => {
  expect([...problemsOf(complete(), known)]).toEqual([]);
  expect([...problemsOf(complete(), known, "code")]).toEqual([]);
});

test("problems name members as the designer does", () => {
  const empty = [...problemsOf(newFunction(), known).keys()];
  expect(empty).toEqual([
    "name",
    "topology.tasks[0].operator",
    "topology.tasks[0].input_streams[0].selected_type",
  ]);
  expect([...problemsOf(complete(), known, " ").keys()]).toEqual(["functionCode"]);
  expect([...problemsOf(withTask(complete(), { input_streams: [] }), known).keys()]).toEqual([
    "topology.tasks[0].input_streams",
  ]);
  const radius = {
    scopeType: "circle",
    scopeValue: { centerLatitude: 1, centerLongitude: 2, radius: 0 },
  } as const;
  const placed = withIntent(complete(), { geoscope: radius, priority: { exclusive: false, level: 1.5 } });
  expect([...problemsOf(placed, known).keys()]).toEqual([
    "intent.priority.level",
    "intent.geoscope.scopeValue.radius",
  ]);
});

test("names that are taken are refused, also the operator's when one is to be made", () => {
  const named = (name: string, code?: string) => problemsOf({ ...complete(), name }, known, code).get("name");
  expect(named("other")).toContain("fog function");
  expect(named("shop")).toContain("topology");
  expect(named("counter")).toBeUndefined();
  expect(named("counter", "code")).toContain("operator");
});

test("the operator made for a function has its name and code", () => {
  expect(operatorOf(complete(), "code")).toMatchObject({ name: "alarm", functionCode: "code" });
});

test("grouping in words", () => {
  expect(["EntityID", "ALL", "", "shop"].map(groupingOf)).toEqual([
    "one instance for each entity",
    "one instance in all",
    "one instance in all",
    "one instance for each shop",
  ]);
});

test("instances are counted by intent and status", () => {
  const instance = (ID: string, ServiceIntentID: string, Status: string) =>
    [ID, { ID, ServiceIntentID, Status } as Instance] as const;
  const found = byIntent(
    new Map([
      instance("1", "a", "running"),
      instance("2", "a", "failed"),
      instance("3", "a", "removed"),
      instance("4", "b", "running"),
    ]),
  );
  expect(counted(found.get("a")!)).toEqual({ running: 1, others: [["failed", 1]] });
  expect(counted(found.get("b")!)).toEqual({ running: 1, others: [] });
});
