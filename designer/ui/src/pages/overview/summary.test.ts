import { describe, expect, it } from "vitest";
import type { Alert, Instance, Sample, ServiceHealth, Worker } from "@/api/types";
import {
  alertHref,
  alertsInOrder,
  alertText,
  alertTiming,
  countsOf,
  isOpen,
  isUntouched,
  loadOf,
  reasonOf,
  verdictOf,
  workersInOrder,
} from "./summary";

const alert = (id: number, more: Partial<Alert> = {}): Alert => ({
  id,
  severity: "warn",
  at: id * 1_000,
  text: `alert ${id}`,
  ...more,
});
const worker = (id: string, more: Partial<Worker> = {}): Worker => ({
  id,
  capacity: 4,
  workload: 1,
  seen: 0,
  state: "ready",
  ...more,
});
const all = {
  services: [],
  brokers: [],
  workers: [worker("Worker.a")],
  alerts: [],
  failed: 0,
  waiting: 0,
  unreachable: [],
};
const service = (name: string, state: ServiceHealth["state"], reason?: ServiceHealth["reason"]) => ({
  name,
  state,
  reason,
});

describe("alerts", () => {
  it("come with those that still hold first, then the newest", () => {
    const alerts = [
      alert(1),
      alert(2, { until: 2_500 }),
      alert(3, { severity: "good" }),
      alert(4),
      alert(5, { until: 6_000 }),
    ];
    expect(alertsInOrder(alerts).map(({ id }) => id)).toEqual([4, 1, 5, 3, 2]);
  });

  it("are open until they are over; good news never is", () => {
    expect([alert(1), alert(1, { until: null }), alert(1, { until: 5 })].map(isOpen)).toEqual([
      true,
      true,
      false,
    ]);
    expect(isOpen(alert(1, { severity: "good" }))).toBe(false);
  });

  it("say how long it has been so, or when it ended", () => {
    const written = (at: number) => `${at / 1_000}s`;
    expect(alertTiming(alert(10), 70_000, written)).toBe("since 10s, for 60 s");
    expect(alertTiming(alert(10, { until: 40_000 }), 70_000, written)).toBe("10s, over at 40s after 30 s");
    expect(alertTiming(alert(10, { severity: "good" }), 70_000, written)).toBe("10s");
  });

  it("leave the time to what is written beside them in the viewer's zone", () => {
    const text = "Broker.a does not answer at http://a since 19:54:59 UTC. Is its node up?";
    expect(alertText(alert(1, { text }))).toBe("Broker.a does not answer at http://a. Is its node up?");
  });

  it("lead to the page concerned", () => {
    const to = (page: string, id?: string) => alertHref(alert(1, { link: { page, id } }));
    expect(alertHref(alert(1))).toBeUndefined();
    expect(to("overview")).toBe("#/overview");
    expect(to("running", "Task.t.x.1")).toBe("#/running?instance=Task.t.x.1");
    expect(to("running", "Worker.a")).toBe("#/running?worker=Worker.a");
    expect(to("running", "ServiceIntent.1")).toBe("#/running/ServiceIntent.1");
    expect(to("map", "Worker.a")).toBe("#/map/Worker.a");
  });
});

describe("the verdict", () => {
  it("is good when nothing asks for attention", () => {
    expect(
      verdictOf({ ...all, services: [service("broker", "ready"), service("master", "running")] }),
    ).toEqual({
      mood: "good",
      text: "Everything works.",
    });
  });

  it("names the services that are away, with the reason", () => {
    const services = [
      service("broker", "not ready", { discovery: "does not answer" }),
      service("master", "away"),
    ];
    expect(verdictOf({ ...all, services })).toEqual({
      mood: "bad",
      text: "Not everything works: broker is not ready (discovery: does not answer), master is away.",
    });
  });

  it("tells of failed and waiting instances and of silent nodes", () => {
    const workers = [worker("Worker.b", { state: "silent" }), worker("Worker.a")];
    expect(verdictOf({ ...all, workers, waiting: 1 })).toEqual({
      mood: "warn",
      text: "Worker b is silent; 1 task instance waits for a worker.",
    });
    expect(verdictOf({ ...all, unreachable: ["Broker.x"] }).text).toBe("Broker x cannot be reached.");
    const many = ["a", "b", "c", "d"].map((id) => worker(id, { state: "silent" }));
    expect(verdictOf({ ...all, workers: [...all.workers, ...many] }).text).toBe(
      "4 brokers and workers are silent.",
    );
    expect(verdictOf({ ...all, failed: 2 })).toEqual({ mood: "bad", text: "2 task instances failed." });
  });

  it("says when there is no worker, also on a system that has just begun", () => {
    const text = "No worker is ready, so no task can run.";
    expect(verdictOf({ ...all, workers: [] })).toEqual({ mood: "warn", text });
    expect(verdictOf({ ...all, workers: [worker("Worker.a", { state: "left" })] }).text).toBe(text);
  });

  it("tells of alerts that are open when all else is well", () => {
    expect(verdictOf({ ...all, alerts: [alert(1)] }).text).toBe("1 alert still open.");
  });
});

describe("figures", () => {
  it("count instances by state", () => {
    const instances = ["running", "running", "failed", "removed"].map((Status) => ({ Status }) as Instance);
    expect(countsOf(instances)).toEqual({ running: 2, scheduled: 0, paused: 0, failed: 1 });
  });

  it("bring workers that are silent first and those that left last", () => {
    const workers = [
      worker("Worker.a", { state: "left" }),
      worker("Worker.edge-10"),
      worker("Worker.edge-9"),
      worker("Worker.z", { state: "silent" }),
    ];
    expect(workersInOrder(workers).map(({ id }) => id)).toEqual([
      "Worker.z",
      "Worker.edge-9",
      "Worker.edge-10",
      "Worker.a",
    ]);
  });

  it("bound the load, also of a worker without capacity", () => {
    expect(loadOf(worker("w"))).toBe(0.25);
    expect(loadOf(worker("w", { workload: 9 }))).toBe(1);
    expect(loadOf(worker("w", { capacity: 0, workload: 0 }))).toBe(0);
  });

  it("say when nothing has been set up", () => {
    const sample = (types: Record<string, number>) => ({ types }) as Sample;
    expect(isUntouched(0, undefined)).toBe(false);
    expect(isUntouched(0, sample({ IoTBroker: 2, Old: 0 }))).toBe(true);
    expect(isUntouched(0, sample({ IoTBroker: 2, PowerPanel: 1 }))).toBe(false);
    expect(isUntouched(1, sample({ IoTBroker: 2 }))).toBe(false);
  });

  it("put a reason on one line", () => {
    expect(reasonOf({ discovery: "does not answer", storage: "is full" })).toBe(
      "discovery: does not answer; storage: is full",
    );
    expect(reasonOf(null)).toBe("");
  });
});
