import { describe, expect, test } from "vitest";
import type { Instance, Worker } from "@/api/types";
import {
  deviceIds,
  devicesAround,
  INTENT,
  operators,
  service,
  settingsOf,
  TOPOLOGY,
} from "@/example/example";
import { connect, install, isThere, problemOf, type Seen, start } from "./state";

const nothing: Seen = {
  operators: new Set(),
  services: new Set(),
  intents: new Set(),
  devices: new Set(),
  playing: 0,
  workers: [],
  instances: [],
  live: true,
};
const installed = {
  ...nothing,
  operators: new Set(operators.map(({ name }) => name)),
  services: new Set([TOPOLOGY]),
};
const started = { ...installed, intents: new Set([INTENT]) };
const registered = { ...started, devices: new Set(deviceIds) };
const states = (seen: Seen) => [install, start, connect].map((step) => step(seen).state);

describe("the steps", () => {
  test.each<[string, Seen, string[]]>([
    [
      "nothing is read",
      { playing: 0, workers: [], instances: [], live: false },
      ["reading", "reading", "reading"],
    ],
    ["an empty system", nothing, ["ready", "blocked", "blocked"]],
    ["a half install", { ...installed, services: new Set() }, ["partly", "blocked", "blocked"]],
    ["installed", installed, ["done", "ready", "blocked"]],
    ["started", started, ["done", "done", "ready"]],
    ["a device is missing", { ...started, devices: new Set(deviceIds.slice(1)) }, ["done", "done", "partly"]],
    ["reloaded: nobody sends", registered, ["done", "done", "partly"]],
    ["everything", { ...registered, playing: 3 }, ["done", "done", "done"]],
    ["only devices were left", { ...nothing, devices: new Set(deviceIds) }, ["ready", "blocked", "partly"]],
  ])("%s", (_, seen, expected) => expect(states(seen)).toEqual(expected));

  test("something is there as soon as a part is", () => {
    expect(isThere(nothing)).toBe(false);
    expect(isThere({ ...nothing, operators: new Set(["example-average"]) })).toBe(true);
    expect(isThere({ ...nothing, intents: new Set([INTENT]) })).toBe(true);
  });
});

describe("what is in the way", () => {
  const worker: Worker = {
    id: "Worker.a",
    capacity: 5,
    workload: 0,
    seen: 0,
    state: "ready",
    engines: ["function"],
  };
  const instance = (change: Partial<Instance>): Instance => ({
    ID: "Task.1",
    TopologyName: TOPOLOGY,
    TaskName: "average",
    ServiceIntentID: INTENT,
    Status: "running",
    Worker: "Worker.a",
    ...change,
  });
  const text = (change: Partial<Seen>) => problemOf({ ...started, workers: [worker], ...change })?.text;

  test("nothing, while all is well or nothing is known", () => {
    expect(text({})).toBeUndefined();
    expect(text({ live: false, workers: [] })).toBeUndefined();
    expect(text({ instances: [instance({})] })).toBeUndefined();
  });
  test("no worker", () => {
    expect(text({ workers: [] })).toBe("No worker has joined.");
    expect(text({ workers: [{ ...worker, state: "silent" }] })).toBe("No worker is ready.");
    expect(text({ workers: [{ ...worker, engines: ["docker"] }] })).toBe("No worker runs functions.");
  });
  test("a failed task, with its reason", () => {
    expect(text({ instances: [instance({ Status: "failed", Reason: "line 3" })] })).toBe(
      "Task average failed: line 3",
    );
  });
  test("no room", () => {
    const waiting = instance({ Status: "scheduled", Worker: "" });
    expect(text({ instances: [waiting, waiting] })).toBe("2 task instances wait for a worker.");
  });
});

type Published = { attributes: Record<string, { value: unknown }> };
type Handler = (entity: object, publish: (entity: Published) => void) => void;

/** Runs an operator's code as a worker does. */
function calls(name: string, entities: object[]): Published[] {
  const exports: { handler?: Handler } = {};
  const code = operators.find((operator) => operator.name === name)!.functionCode!;
  new Function("exports", code)(exports);
  const published: Published[] = [];
  for (const entity of entities) exports.handler!(entity, (result) => published.push(result));
  return published;
}

describe("the operators", () => {
  const reading = (value: unknown) => ({
    entityId: { id: "t1", type: "T" },
    attributes: { temperature: { value } },
    metadata: { location: { value: 1 } },
  });
  test("average the last ten, and keep the place", () => {
    const published = calls(
      "example-average",
      Array.from({ length: 12 }, (_, at) => reading(at + 1)),
    );
    expect(published.at(-1)!.attributes.average!.value).toBe(7.5);
    expect(published.at(-1)).toHaveProperty("metadata.location");
    expect(calls("example-average", [reading("?"), { entityId: {}, attributes: {} }])).toEqual([]);
  });
  test("sum up over all, without those deleted", () => {
    const of = (id: string, value?: number) => ({
      entityId: { id },
      attributes: value === undefined ? {} : { average: { value } },
    });
    const published = calls("example-summary", [of("a", 10), of("b", 20), of("a")]);
    expect(published.map(({ attributes }) => attributes.mean!.value)).toEqual([10, 15, 20]);
  });
});

test("everything bears the example's name, and fits together", () => {
  const names = [TOPOLOGY, ...operators.map(({ name }) => name), ...deviceIds];
  expect(names.every((name) => name.startsWith("example-"))).toBe(true);
  expect(service.topology.tasks.map(({ operator }) => operator)).toEqual(operators.map(({ name }) => name));
  const devices = devicesAround({ latitude: 49.41, longitude: 8.69 });
  expect(devices.map(({ id }) => id)).toEqual(deviceIds);
  expect(settingsOf(deviceIds[0]!).series[0]).toMatchObject({ low: 14, high: 22 });
});
