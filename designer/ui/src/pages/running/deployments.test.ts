import { describe, expect, it } from "vitest";
import type { FogFunction, Instance, Intent, Service } from "@/api/types";
import {
  type Asked,
  deploymentsOf,
  filtered,
  missingFor,
  noFilter,
  problemsOf,
  shortName,
  stateOf,
  statusOf,
  summaryOf,
} from "./deployments";
import { instance, power, tasks } from "./sample.testkit";

const intent = (id: string, topology = "power"): Intent => ({ id, topology });
const services: Record<string, Service> = { power: { topology: { name: "power", tasks } } };
const photo = (status: FogFunction["status"]): FogFunction => ({
  name: "photo",
  topology: { name: "photo", tasks: [] },
  intent: intent("ServiceIntent.photo", "photo"),
  status,
});
const asked: Asked = { intents: { a: intent("ServiceIntent.1") }, functions: {}, services };
const ids = (instances: Instance[]) => instances.map(({ ID }) => ID.split(".").at(-1));

describe("deployments", () => {
  it("bring together what was asked for and what runs", () => {
    const [one] = deploymentsOf(asked, power(3));
    expect(one).toMatchObject({ id: "ServiceIntent.1", name: "power", kind: "intent", tasks });
    expect(one?.summary).toEqual({
      total: 4,
      running: 4,
      scheduled: 0,
      paused: 0,
      failed: 0,
      input: 6,
      output: 3,
    });
  });

  it("list fog functions that are enabled, and disabled ones only until their instances are gone", () => {
    const names = (status: FogFunction["status"], instances: Instance[] = []) =>
      deploymentsOf({ intents: {}, functions: { photo: photo(status) }, services }, instances).map(
        ({ name, kind }) => [name, kind],
      );
    expect(names("enabled")).toEqual([["photo", "fog function"]]);
    expect(names("disabled")).toEqual([]);
    const left = instance("main", 1, { ServiceIntentID: "ServiceIntent.photo" });
    expect(names("disabled", [left])).toEqual([["photo", "fog function"]]);
  });

  it("list what runs for an intent that nobody lists", () => {
    const [only] = deploymentsOf({ ...asked, intents: {} }, power(1));
    expect(only).toMatchObject({ id: "ServiceIntent.1", name: "power", kind: "unlisted" });
  });

  it("come with those that fail first", () => {
    const intents = { a: intent("ServiceIntent.1"), b: intent("ServiceIntent.2") };
    const failed = instance("detector", 1, { ServiceIntentID: "ServiceIntent.2", Status: "failed" });
    const all = deploymentsOf({ ...asked, intents }, [...power(1), failed]);
    expect(all.map(({ id }) => id)).toEqual(["ServiceIntent.2", "ServiceIntent.1"]);
  });
});

describe("the state in words", () => {
  const of = (...statuses: Instance["Status"][]) =>
    stateOf(summaryOf(statuses.map((Status, index) => instance("t", index, { Status }))));

  it("says how many of how many run", () => {
    expect(of("running", "running")).toEqual({ mood: "good", text: "2 of 2 running" });
    expect(of("running", "scheduled")).toEqual({ mood: "warn", text: "1 of 2 running, 1 waiting" });
    expect(of("running", "failed", "paused")).toEqual({
      mood: "bad",
      text: "1 of 3 running, 1 failed, 1 paused",
    });
    expect(of()).toEqual({ mood: "quiet", text: "nothing to run yet" });
  });

  it("tells waiting for a worker from starting on one", () => {
    expect(statusOf({ Status: "scheduled", Worker: "" })).toBe("waiting");
    expect(statusOf({ Status: "scheduled", Worker: "Worker.a" })).toBe("starting");
    expect(statusOf({ Status: "failed", Worker: "Worker.a" })).toBe("failed");
  });

  it("names the types that are missing, but not those that tasks make themselves", () => {
    expect(missingFor(tasks, { PowerPanel: 3 })).toBe(
      "No task instance yet: there is no entity of type Rule.",
    );
    expect(missingFor(tasks, { PowerPanel: 3, Rule: 1 })).toBe("No task instance yet.");
  });
});

describe("problems", () => {
  it("say a reason that names its own instance once for all", () => {
    const waiting = ["1", "2"].map((number) =>
      instance("detector", number, {
        Status: "scheduled",
        Worker: "",
        Reason: `no worker satisfies the constraints of task instance Task.power.detector.${number}: a is full`,
      }),
    );
    const [problem, ...others] = problemsOf(waiting);
    expect(problem?.reason).toBe("no worker satisfies the constraints: a is full");
    expect(problem?.instances).toEqual(waiting);
    expect(others).toEqual([]);
  });

  it("say each reason once, failures first, then what most share", () => {
    const at = (number: number, Status: Instance["Status"], Reason?: string, Worker = "Worker.a") =>
      instance("t", number, { Status, Reason, Worker });
    const problems = problemsOf([
      at(1, "running", "an old reason"),
      at(2, "scheduled", "no room", ""),
      at(3, "failed", "broken"),
      at(4, "failed", "no image"),
      at(5, "failed", "no image"),
      at(6, "scheduled"),
    ]);
    expect(problems.map(({ said, reason, instances }) => [said, reason, instances.length])).toEqual([
      ["failed", "no image", 2],
      ["failed", "broken", 1],
      ["waiting", "no room", 1],
      ["starting", "it has not been reported as running yet", 1],
    ]);
  });
});

describe("the filter", () => {
  const all = [
    instance("detector", 10, { Inputs: [{ Type: "PowerPanel", ID: "Panel.7" }] }),
    instance("detector", 9, { Status: "failed", Reason: "No image", Worker: "Worker.south" }),
    instance("counter", 1, { Status: "scheduled", Worker: "" }),
  ];

  it("puts first what needs attention, then orders by name and number", () => {
    expect(ids(filtered(all, noFilter))).toEqual(["9", "1", "10"]);
  });

  it("looks at names, entities and reasons, and needs every word", () => {
    const found = (text: string) => ids(filtered(all, { ...noFilter, text }));
    expect(found("panel.7")).toEqual(["10"]);
    expect(found("detector IMAGE")).toEqual(["9"]);
    expect(found("detector nothing")).toEqual([]);
  });

  it("keeps to one state and one worker", () => {
    expect(ids(filtered(all, { ...noFilter, status: "scheduled" }))).toEqual(["1"]);
    expect(ids(filtered(all, { ...noFilter, worker: "Worker.south" }))).toEqual(["9"]);
  });
});

it("an instance is called by what tells it from others", () => {
  expect(shortName(instance("detector", "1240836695"))).toBe("1240836695");
  expect(shortName(instance("detector", 1, { ID: "elsewhere.1" }))).toBe("elsewhere.1");
});
