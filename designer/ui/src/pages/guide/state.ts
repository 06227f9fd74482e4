// How far the example is, read from the system: also right after a reload, or when half of it was done elsewhere.
import type { Instance, Worker } from "@/api/types";
import { deviceIds, INTENT, operators, TOPOLOGY } from "@/example/example";

/** What is known of the system; undefined as long as it has not been read. */
export interface Seen {
  operators?: ReadonlySet<string>;
  services?: ReadonlySet<string>;
  intents?: ReadonlySet<string>;
  devices?: ReadonlySet<string>;
  /** Example devices that this tab plays. */
  playing: number;
  workers: readonly Worker[];
  instances: readonly Instance[];
  /** Whether the stream has told of workers and instances. */
  live: boolean;
}

export type StepName = "install" | "start" | "connect";
/** `blocked` waits for an earlier step, `partly` was begun and can be gone on with. */
export type StepState = "reading" | "blocked" | "ready" | "partly" | "done";

export interface Step {
  state: StepState;
  says: string;
}

const have = (known: ReadonlySet<string>, wanted: readonly string[]) =>
  wanted.filter((name) => known.has(name)).length;

export function install({ operators: known, services }: Seen): Step {
  if (!known || !services) return { state: "reading", says: "" };
  const wanted = operators.map(({ name }) => name);
  const there = have(known, wanted) + Number(services.has(TOPOLOGY));
  if (there === wanted.length + 1)
    return { state: "done", says: "Two operators and a topology are registered." };
  if (there === 0) return { state: "ready", says: "" };
  return { state: "partly", says: `${there} of ${wanted.length + 1} parts are registered.` };
}

export function start(seen: Seen): Step {
  if (!seen.intents) return { state: "reading", says: "" };
  if (seen.intents.has(INTENT)) return { state: "done", says: "The intent is stated." };
  return install(seen).state === "done" ? { state: "ready", says: "" } : { state: "blocked", says: "" };
}

export function connect(seen: Seen): Step {
  if (!seen.devices) return { state: "reading", says: "" };
  const there = have(seen.devices, deviceIds);
  const all = there === deviceIds.length;
  if (all && seen.playing === deviceIds.length) {
    return { state: "done", says: `This tab is simulating ${there} thermometers.` };
  }
  if (start(seen).state !== "done" && there === 0) return { state: "blocked", says: "" };
  if (there === 0) return { state: "ready", says: "" };
  if (!all) return { state: "partly", says: `${there} of ${deviceIds.length} thermometers are registered.` };
  const sending =
    seen.playing === 0 ? "this tab does not simulate them" : `this tab simulates ${seen.playing} of them`;
  return { state: "partly", says: `The thermometers are registered, but ${sending}.` };
}

/** Whether anything of the example is in the system. */
export const isThere = (seen: Seen) =>
  [install, start, connect].some((step) => ["partly", "done"].includes(step(seen).state));

export type Link = "running" | "overview";

export interface Problem {
  text: string;
  todo?: string;
  link?: Link;
}

const takesFunctions = ({ engines, state }: Worker) =>
  state === "ready" && (!engines || engines.length === 0 || engines.includes("function"));

/** What keeps the example from running, and what to do about it. */
export function problemOf(seen: Seen): Problem | undefined {
  if (!seen.live) return undefined;
  const ready = seen.workers.filter(({ state }) => state === "ready");
  if (ready.length === 0) {
    return {
      text: seen.workers.length > 0 ? "No worker is ready." : "No worker has joined.",
      todo: "Start one with `fogflow worker -f config.json` (`fogflow up` starts everything); what is wanted starts by itself when it joins.",
      link: "overview",
    };
  }
  if (!ready.some(takesFunctions)) {
    return {
      text: "No worker runs functions.",
      todo: 'Put "function" into worker.container_management of one of them and restart it.',
      link: "overview",
    };
  }
  return instanceProblem(seen.instances);
}

function instanceProblem(instances: readonly Instance[]): Problem | undefined {
  const failed = instances.find(({ Status }) => Status === "failed");
  if (failed) {
    return {
      text: `Task ${failed.TaskName} failed${failed.Reason ? `: ${failed.Reason}` : "."}`,
      link: "running",
    };
  }
  const waiting = instances.filter(({ Status, Worker }) => Status === "scheduled" && !Worker);
  if (waiting.length === 0) return undefined;
  const reason = waiting.find(({ Reason }) => Reason)?.Reason;
  return {
    text: `${waiting.length === 1 ? "A task instance waits" : `${waiting.length} task instances wait`} for a worker${reason ? `: ${reason}` : "."}`,
    todo: "Raise worker.capacity of a worker, or add another worker.",
    link: "running",
  };
}
