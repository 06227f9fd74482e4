import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Live, reducers, resetLive, useLive, useLiveStream } from "./live";
import type { Alert, Instance, Sample, Snapshot } from "./types";

beforeEach(resetLive);
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const instance = (ID: string, Status: Instance["Status"]): Instance => ({
  ID,
  Status,
  TopologyName: "t",
  TaskName: "a",
  ServiceIntentID: "i",
  Worker: "w",
});

const sample = (at: number) => ({ at }) as Sample;
const alert = (id: number, until?: number): Alert => ({
  id,
  until,
  severity: "bad",
  at: id,
  text: `alert ${id}`,
});

const snapshot: Snapshot = {
  now: 1,
  version: "1",
  site: "s",
  services: [],
  brokers: [],
  masters: [],
  workers: [],
  instances: [instance("1", "running")],
  alerts: [],
  history: [],
  revisions: { operator: 0, service: 0, intent: 0, fogfunction: 0, device: 0, subscription: 0 },
};

/** The state after these events. */
function after(...events: ((live: Live) => Partial<Live>)[]): Live {
  for (const event of events) useLive.setState(event);
  return useLive.getState();
}

test("a snapshot takes the place of everything known before", () => {
  const live = after(
    (live) => reducers.instances(live, { set: [instance("old", "running")], removed: [] }),
    (live) => reducers.snapshot(live, snapshot),
  );
  expect([...live.instances.keys()]).toEqual(["1"]);
});

test("changes set and remove by identifier, in new maps", () => {
  const before = after((live) => reducers.snapshot(live, snapshot)).instances;
  const live = after((live) => reducers.instances(live, { set: [instance("2", "failed")], removed: ["1"] }));
  expect([...live.instances.values()].map((it) => [it.ID, it.Status])).toEqual([["2", "failed"]]);
  expect([...before.keys()]).toEqual(["1"]);
});

test("samples are kept for ten minutes", () => {
  const live = after(
    ...Array.from({ length: 310 }, (_, at) => (live: Live) => reducers.sample(live, sample(at))),
  );
  expect([live.history.length, live.history[0]?.at, live.history.at(-1)?.at]).toEqual([300, 10, 309]);
});

test("an alert that ends takes the place of the one that began", () => {
  const live = after(
    (live) => reducers.alert(live, alert(1)),
    (live) => reducers.alert(live, alert(2)),
    (live) => reducers.alert(live, alert(1, 9)),
  );
  expect(live.alerts.map((it) => [it.id, it.until])).toEqual([
    [2, undefined],
    [1, 9],
  ]);
});

test("updates of watched entities add up", () => {
  const entity = { entityId: { id: "e", type: "T" } };
  const live = after(
    (live) => reducers.entities(live, { set: [entity], removed: [], updates: { e: 2 } }),
    (live) => reducers.entities(live, { set: [], removed: [], updates: { e: 3 } }),
  );
  expect(live.updates.get("e")).toBe(5);
  expect(live.entities.get("e")).toBe(entity);
});

/** The streams that are opened, and what they say. */
function streams() {
  vi.useFakeTimers();
  const sources: (EventTarget & { closed: boolean })[] = [];
  class Source extends EventTarget {
    closed = false;
    constructor() {
      super();
      sources.push(this);
    }
    close() {
      this.closed = true;
    }
  }
  vi.stubGlobal("EventSource", Source);
  const say = (name: string, data: unknown) =>
    act(() => sources.at(-1)?.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) })));
  const pass = (ms: number) => act(() => vi.advanceTimersByTime(ms));
  return { sources, say, pass, ...renderHook(() => useLiveStream()) };
}

const connection = () => useLive.getState().connection;

test("a stream that says nothing is taken for lost, and opened again", () => {
  const { sources, say, pass, unmount } = streams();
  say("snapshot", snapshot);
  pass(14_000);
  say("sample", sample(1));
  pass(14_000);
  expect(connection()).toBe("live");
  pass(2_000);
  expect([connection(), sources[0]?.closed]).toEqual(["lost", true]);
  pass(1_000);
  expect(sources).toHaveLength(2);
  say("snapshot", snapshot);
  expect(connection()).toBe("live");
  unmount();
  pass(60_000);
  expect(sources).toHaveLength(2);
});

test("a tab that is not seen lets go of its stream, and opens it when it is", () => {
  const { sources, say, pass, unmount } = streams();
  const hidden = vi.spyOn(document, "hidden", "get");
  const turn = (away: boolean) => {
    hidden.mockReturnValue(away);
    act(() => void document.dispatchEvent(new Event("visibilitychange")));
  };
  say("snapshot", snapshot);
  turn(true);
  pass(10_000);
  turn(false);
  say("sample", sample(1));
  pass(14_000);
  expect([sources.length, sources[0]?.closed]).toEqual([1, false]);
  turn(true);
  say("sample", sample(2));
  pass(14_000);
  say("sample", sample(3));
  pass(60_000);
  expect([sources.length, sources[0]?.closed, connection()]).toEqual([1, true, "connecting"]);
  turn(false);
  expect(sources).toHaveLength(2);
  say("snapshot", snapshot);
  expect(connection()).toBe("live");
  unmount();
  hidden.mockRestore();
});
