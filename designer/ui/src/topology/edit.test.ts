import { describe, expect, it } from "vitest";
import { refusal, targetsOf } from "./connect";
import { type Drawing, emptyDrawing, inputsOf, isTask, nodeOf, topologyOf, typeOf } from "./document";
import {
  added,
  changed,
  connected,
  copied,
  moved,
  newStream,
  newTask,
  outputAdded,
  outputChanged,
  outputRemoved,
  pasted,
  removed,
} from "./edit";
import { begun, redone, stepped, undone } from "./history";
import { anyStep, seeded } from "./testing";

const at = { x: 0, y: 0 };

function chain(): Drawing {
  let drawing = emptyDrawing("t");
  drawing = added(drawing, newStream("Panel"), at)[0];
  drawing = added(drawing, newTask(drawing, "anomaly"), at)[0];
  drawing = added(drawing, newTask(drawing, "counter"), at)[0];
  drawing = connected(drawing, { from: "1", to: "2" });
  return connected(drawing, { from: "2", output: 0, to: "3" });
}

describe("lines", () => {
  it("between two tasks get a stream that carries the output", () => {
    const drawing = chain();
    expect(inputsOf(drawing, "3").map((stream) => typeOf(drawing, stream))).toEqual(["AnomalyResult"]);
    const renamed = outputChanged(drawing, "2", 0, "Alarm");
    expect(topologyOf(renamed).tasks[1]?.input_streams[0]?.selected_type).toBe("Alarm");
  });

  it.each([
    [{ from: "1", to: "1" }, "Nothing can feed itself."],
    [{ from: "1", to: "4" }, "A stream feeds tasks, not other streams."],
    [{ from: "1", to: "2" }, "reads this stream already"],
    [{ from: "2", output: 0, to: "3" }, "reads `AnomalyResult` of `anomaly` already"],
    [{ from: "2", output: 5, to: "3" }, "has no output there"],
    [
      { from: "3", output: 0, to: "4" },
      "The stream carries `AnomalyResult`, but `counter` writes `CounterResult` there.",
    ],
    [
      { from: "3", output: 0, to: "1" },
      "The stream carries `Panel`, but `counter` writes `CounterResult` there.",
    ],
    [{ from: "2", output: 0, to: "4" }, "feeds this stream already"],
    [{ from: "2", output: 0, to: "99" }, "no longer there"],
  ])("that make no sense are refused with the reason: %j", (link, reason) => {
    const drawing = chain();
    expect(refusal(drawing, link)).toContain(reason);
    expect(connected(drawing, link)).toBe(drawing);
  });

  it("are offered only where they make sense", () => {
    expect(targetsOf(chain(), "1").map((node) => node.id)).toEqual(["3"]);
    expect(targetsOf(chain(), "3", 0).map((node) => node.id)).toEqual(["2"]);
  });

  it("feed one stream from several tasks that write the same type", () => {
    let drawing = added(chain(), newTask(chain(), "other"), at)[0];
    drawing = outputChanged(drawing, "5", 0, "AnomalyResult");
    drawing = connected(drawing, { from: "5", output: 0, to: "4" });
    expect(drawing.edges.filter((edge) => edge.to === "4")).toHaveLength(2);
  });
});

describe("changes", () => {
  it("a stream keeps its type when the task that fed it goes", () => {
    const drawing = removed(chain(), new Set(["2"]), new Set());
    expect(nodeOf(drawing, "4")).toMatchObject({ type: "AnomalyResult" });
    expect(topologyOf(drawing).tasks[0]?.input_streams[0]?.selected_type).toBe("AnomalyResult");
  });

  it("lines of later outputs move up when an output goes", () => {
    let drawing = outputAdded(chain(), "2", "Count");
    drawing = added(drawing, newTask(drawing, "sink"), at)[0];
    drawing = connected(drawing, { from: "2", output: 1, to: "5" });
    drawing = outputRemoved(drawing, "2", 0);
    expect(inputsOf(drawing, "5").map((stream) => typeOf(drawing, stream))).toEqual(["Count"]);
    expect(inputsOf(drawing, "3").map((stream) => typeOf(drawing, stream))).toEqual(["AnomalyResult"]);
  });

  it("copies keep their lines and get names of their own", () => {
    const drawing = chain();
    const [twice, ids] = pasted(drawing, copied(drawing, new Set(["2", "3", "4"])), 32);
    const names = twice.nodes.filter(isTask).map((task) => task.name);
    expect(names).toEqual(["anomaly", "counter", "anomaly 2", "counter 2"]);
    expect(ids.size).toBe(3);
    expect(twice.edges).toHaveLength(drawing.edges.length + 2);
  });

  it("a copied stream stands for itself without the task that fed it", () => {
    const drawing = chain();
    const [twice, ids] = pasted(drawing, copied(drawing, new Set(["4"])), 32);
    expect(nodeOf(twice, [...ids][0]!)).toMatchObject({ type: "AnomalyResult" });
  });

  it("leave what was before untouched", () => {
    const drawing = chain();
    const before = JSON.stringify(drawing);
    moved(drawing, new Map([["1", { x: 5, y: 5 }]]));
    changed(drawing, "2", { name: "x" });
    removed(drawing, new Set(["1"]), new Set());
    expect(JSON.stringify(drawing)).toBe(before);
  });
});

describe("the history", () => {
  it.each([1, 2, 3, 4, 5])("undoes and redoes any steps (seed %i)", (seed) => {
    const random = seeded(seed);
    const states = [emptyDrawing("t")];
    let history = begun(states[0]!);
    for (let step = 0; step < 60; step++) {
      const next = anyStep(random, history.present);
      if (next === history.present) continue;
      history = stepped(history, next);
      states.push(next);
    }
    for (const state of states.slice(0, -1).toReversed()) {
      history = undone(history);
      expect(history.present).toBe(state);
    }
    expect(undone(history)).toBe(history);
    for (const state of states.slice(1)) {
      history = redone(history);
      expect(history.present).toBe(state);
    }
    expect(redone(history)).toBe(history);
  });

  it("joins typing in one field to one step", () => {
    let history = begun("");
    for (const text of ["a", "ab", "abc"]) history = stepped(history, text, "name");
    history = stepped(history, "abcd", "other");
    expect(history.past).toEqual(["", "abc"]);
    history = stepped(undone(history), "abx", "other");
    expect(history.past).toEqual(["", "abc"]);
  });

  it("is bounded", () => {
    let history = begun(0);
    for (let step = 1; step <= 250; step++) history = stepped(history, step);
    expect(history.past).toHaveLength(100);
    expect(history.past[0]).toBe(150);
  });
});
