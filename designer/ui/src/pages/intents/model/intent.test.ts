import { describe, expect, it } from "vitest";
import type { Instance, Intent, Topology } from "@/api/types";
import { emptyScope } from "@/map/scope";
import { documentOf, draftOf, newDraft, problemsOf, qosName, scopeIn, scopeProblemsOf } from "./intent";
import { groupText, inputsOf, missing, needsOf, parameterNames } from "./needs";
import { countsByIntent, total } from "./state";

const topology: Topology = {
  name: "anomaly-detection",
  tasks: [
    {
      name: "detector",
      operator: "anomaly",
      input_streams: [
        { selected_type: "PowerPanel", selected_attributes: ["all"], groupby: "EntityID", scoped: true },
        { selected_type: "Rule", selected_attributes: ["threshold"], groupby: "ALL", scoped: false },
      ],
      output_streams: [{ entity_type: "Anomaly" }],
    },
    {
      name: "counter",
      operator: "counter",
      input_streams: [{ selected_type: "Anomaly", selected_attributes: [], groupby: "shop", scoped: true }],
      output_streams: [{ entity_type: "Stat" }],
    },
  ],
};

describe("an intent", () => {
  it("keeps what the form does not know, and spellings that mean the same", () => {
    const stored: Intent = {
      id: "ServiceIntent.1",
      topology: "shop",
      qos: "MAX_THROUGHPUT",
      action: "ADD",
      note: "ours",
      geoscope: { scopeType: "nearby", scopeValue: { limit: 3 } } as never,
    };
    const draft = draftOf(stored);
    expect(draft).toMatchObject({ qos: "Max Throughput", level: 0, exclusive: false, scope: undefined });
    expect(documentOf({ ...draft, level: 50 }, stored)).toEqual({
      id: "ServiceIntent.1",
      topology: "shop",
      note: "ours",
      stype: undefined,
      qos: "MAX_THROUGHPUT",
      priority: { exclusive: false, level: 50 },
      geoscope: stored.geoscope,
      parameters: [],
    });
    expect(documentOf({ ...draft, qos: "Min Latency" }, stored).qos).toBe("Min Latency");
    expect(qosName("NONE")).toBe("None");
    expect(qosName("own words")).toBe("own words");
  });

  it("is written as it was where it means the same", () => {
    const local = { scopeType: "local", scopeValue: "local" } as never;
    const circle = {
      scopeType: "circle",
      scopeValue: { centerLatitude: 1, centerLongitude: 2, radius: 3, label: "yard" },
    } as never;
    for (const geoscope of [local, circle]) {
      const stored: Intent = {
        id: "a",
        topology: "shop",
        geoscope,
        priority: { exclusive: false, level: 1, by: "them" } as never,
      };
      const sent = documentOf({ ...draftOf(stored), level: 2 }, stored);
      expect(sent.geoscope).toEqual(geoscope);
      expect(sent.priority).toEqual({ exclusive: false, level: 2, by: "them" });
      const everywhere = documentOf({ ...draftOf(stored), scope: emptyScope("polygon") }, stored);
      expect(everywhere.geoscope).toEqual(emptyScope("polygon"));
    }
  });

  it("says what is wrong by the paths that the service uses", () => {
    const draft = {
      ...newDraft("", emptyScope("polygon")),
      level: 1.5,
      parameters: [
        { name: "cpus", value: "1" },
        { name: "", value: "" },
        { name: "cpus", value: "2" },
      ],
    };
    const problems = problemsOf(draft);
    expect(Object.keys(problems)).toEqual([
      "topology",
      "priority.level",
      "geoscope.scopeValue.vertices",
      "parameters[1].name",
      "parameters[2].name",
    ]);
    expect(Object.keys(scopeProblemsOf(problems))).toEqual(["scopeValue.vertices"]);
    expect(problemsOf(newDraft("shop"))).toEqual({});
  });

  it("takes an area from the address when it can be used", () => {
    const circle = { centerLatitude: 1, centerLongitude: 2, radius: 3 };
    const written = { scopeType: "circle", scopeValue: circle };
    expect(scopeIn(JSON.stringify(written))).toEqual(written);
    expect(scopeIn(JSON.stringify({ ...written, scopeValue: { ...circle, radius: -1 } }))).toBeUndefined();
    expect(scopeIn("{")).toBeUndefined();
    expect(scopeIn(null)).toBeUndefined();
  });
});

describe("what a topology needs", () => {
  const needs = needsOf(topology, { PowerPanel: 12 });

  it("are entities from outside, and those its own tasks make", () => {
    expect(needs[0]!.needs.map(({ type, entities, attributes }) => [type, entities, attributes])).toEqual([
      ["PowerPanel", 12, []],
      ["Rule", 0, ["threshold"]],
    ]);
    expect(needs[1]!.needs[0]!.entities).toBeUndefined();
    expect(inputsOf(needs).map(({ type, scoped }) => [type, scoped])).toEqual([
      ["PowerPanel", true],
      ["Rule", false],
    ]);
    expect(missing(needs)).toEqual(["Rule"]);
  });

  it("are grouped", () => {
    expect(["ALL", "EntityType", "EntityID", "shop"].map(groupText)).toEqual([
      "one instance for all",
      "one instance for all",
      "one instance for each",
      "one instance for each shop",
    ]);
  });

  it("are not there when a type is called as a member of every object is", () => {
    const odd = structuredClone(topology);
    odd.tasks[0]!.input_streams[0]!.selected_type = "constructor";
    expect(missing(needsOf(odd, {}))).toContain("constructor");
  });

  it("may be set by parameters that its operators know", () => {
    const operators = {
      anomaly: { name: "anomaly", parameters: [{ name: "threshold", value: "3" }] },
      other: { name: "other", parameters: [{ name: "unused", value: "" }] },
    };
    expect(parameterNames(topology, operators)).toEqual(["threshold"]);
  });
});

it("instances are counted by intent, without those that ended", () => {
  const instance = (ServiceIntentID: string, Status: Instance["Status"]) =>
    ({ ServiceIntentID, Status }) as Instance;
  const counts = countsByIntent([
    instance("a", "running"),
    instance("a", "running"),
    instance("a", "failed"),
    instance("a", "removed"),
    instance("b", "scheduled"),
  ]);
  expect(counts.get("a")).toEqual({ running: 2, failed: 1 });
  expect(total(counts.get("a"))).toBe(3);
  expect(total(undefined)).toBe(0);
});
