// What people asked for, intents and fog functions, with the task instances that came of it.
import type { FogFunction, Instance, InstanceStatus, Intent, Service, Task } from "@/api/types";
import { plural, rate } from "@/ui/format";

export interface Deployment {
  /** The identifier of the intent. */
  id: string;
  name: string;
  kind: "intent" | "fog function" | "unlisted";
  tasks: Task[];
  instances: Instance[];
  summary: Summary;
}

export interface Summary {
  total: number;
  running: number;
  scheduled: number;
  paused: number;
  failed: number;
  /** Entities a second, over all instances of which it is known. */
  input?: number;
  output?: number;
}

type Documents<T> = Record<string, T>;

export interface Asked {
  intents: Documents<Intent>;
  functions: Documents<FogFunction>;
  services: Documents<Service>;
}

/** Every intent and enabled fog function, and what runs for an intent that the designer does not list. */
export function deploymentsOf({ intents, functions, services }: Asked, instances: Iterable<Instance>) {
  const by = grouped(instances, (instance) => instance.ServiceIntentID);
  const made = new Map<string, Deployment>();
  const add = (id: string, name: string, kind: Deployment["kind"], tasks: Task[] = []) => {
    const own = by.get(id) ?? [];
    if (!made.has(id)) made.set(id, { id, name, kind, tasks, instances: own, summary: summaryOf(own) });
  };
  for (const { name, topology, intent, status } of Object.values(functions)) {
    if (status === "enabled" || by.has(intent.id)) add(intent.id, name, "fog function", topology.tasks);
  }
  for (const intent of Object.values(intents)) {
    add(intent.id, intent.topology, "intent", services[intent.topology]?.topology.tasks);
  }
  for (const [id, own] of by) add(id, own[0]?.TopologyName || id, "unlisted");
  return [...made.values()].sort(inOrder);
}

export function grouped<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** What fails first, then what waits. */
const rank = ({ failed, running, total }: Summary) => (failed > 0 ? 0 : running < total ? 1 : 2);

const inOrder = (a: Deployment, b: Deployment) =>
  rank(a.summary) - rank(b.summary) || byName(a.name, b.name) || byName(a.id, b.id);

const names = new Intl.Collator(undefined, { numeric: true });
export const byName = names.compare;

export function summaryOf(instances: readonly Instance[]): Summary {
  const summary: Summary = { total: 0, running: 0, scheduled: 0, paused: 0, failed: 0 };
  for (const instance of instances) {
    summary.total += 1;
    summary.input = sum(summary.input, instance.InputRate);
    summary.output = sum(summary.output, instance.OutputRate);
    if (isCounted(instance.Status)) summary[instance.Status] += 1;
  }
  return summary;
}

const sum = (before: number | undefined, more: number | undefined) =>
  more === undefined ? before : (before ?? 0) + more;

const counted = ["running", "scheduled", "paused", "failed"] as const;
const isCounted = (status: InstanceStatus): status is (typeof counted)[number] =>
  (counted as readonly string[]).includes(status);

export interface Said {
  mood: "good" | "warn" | "bad" | "quiet";
  text: string;
}

/** How far it has come, in words. */
export function stateOf({ total, running, scheduled, paused, failed }: Summary): Said {
  if (total === 0) return { mood: "quiet", text: "nothing to run yet" };
  const parts = [
    `${running} of ${total} running`,
    failed > 0 ? `${failed} failed` : "",
    scheduled > 0 ? `${scheduled} waiting` : "",
    paused > 0 ? `${paused} paused` : "",
  ];
  const mood = failed > 0 ? "bad" : running < total ? "warn" : "good";
  return { mood, text: parts.filter(Boolean).join(", ") };
}

export interface Problem {
  status: InstanceStatus;
  /** The status in words. */
  said: string;
  reason: string;
  instances: Instance[];
}

/** The reason without the instance's own name, which whoever reads it knows: so the same reason reads the same. */
export const reasonOf = ({ ID, Reason }: Pick<Instance, "ID" | "Reason">) =>
  Reason?.replaceAll(` of task instance ${ID}`, "").replaceAll(`task instance ${ID}`, "the task instance") ??
  "";

/** Why instances do not run: failures first, then what most share. */
export function problemsOf(instances: readonly Instance[]): Problem[] {
  const problems = new Map<string, Problem>();
  for (const instance of instances) {
    if (instance.Status === "running" || instance.Status === "removed") continue;
    const reason = reasonOf(instance) || silence[instance.Status] || "no reason is given";
    const said = statusOf(instance);
    const key = `${said} ${reason}`;
    const problem = problems.get(key) ?? { status: instance.Status, said, reason, instances: [] };
    problem.instances.push(instance);
    problems.set(key, problem);
  }
  return [...problems.values()].sort(
    (a, b) => urgency(a.status) - urgency(b.status) || b.instances.length - a.instances.length,
  );
}

const silence: Partial<Record<InstanceStatus, string>> = {
  scheduled: "it has not been reported as running yet",
  paused: "an exclusive task has the worker to itself",
};

/** What an instance does, in one word. */
export function statusOf({ Status, Worker }: Pick<Instance, "Status" | "Worker">): string {
  if (Status !== "scheduled") return Status;
  return Worker ? "starting" : "waiting";
}

const urgencies: InstanceStatus[] = ["failed", "refused", "scheduled", "paused", "running", "removed"];
const urgency = (status: InstanceStatus) => urgencies.indexOf(status);

/** Why nothing runs although it was asked for. */
export function missingFor(tasks: readonly Task[], types: Record<string, number>): string {
  const inner = new Set(tasks.flatMap((task) => task.output_streams.map((stream) => stream.entity_type)));
  const wanted = tasks.flatMap((task) => task.input_streams.map((stream) => stream.selected_type));
  const missing = [...new Set(wanted)].filter((type) => type && !inner.has(type) && !types[type]);
  if (missing.length === 0) return "No task instance yet.";
  return `No task instance yet: there is no entity of type ${missing.join(" and none of type ")}.`;
}

export interface Filter {
  text: string;
  status: string;
  worker: string;
}

export const noFilter: Filter = { text: "", status: "", worker: "" };

/** The instances that fit, those that need attention first. */
export function filtered(instances: Iterable<Instance>, { text, status, worker }: Filter): Instance[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (instance: Instance) =>
    (!status || instance.Status === status) &&
    (!worker || instance.Worker === worker) &&
    (words.length === 0 || words.every((word) => searchable(instance).includes(word)));
  return [...instances]
    .filter(fits)
    .sort((a, b) => urgency(a.Status) - urgency(b.Status) || byName(a.ID, b.ID));
}

const searchable = ({ ID, TaskName, Worker, Reason, Inputs, Outputs }: Instance) =>
  [ID, TaskName, Worker, Reason, ...[...(Inputs ?? []), ...(Outputs ?? [])].map((entity) => entity.ID)]
    .join(" ")
    .toLowerCase();

/** What tells an instance from others of its task. */
export function shortName({ ID, TopologyName, TaskName }: Instance): string {
  const prefix = `Task.${TopologyName}.${TaskName}.`;
  return ID.startsWith(prefix) && ID.length > prefix.length ? ID.slice(prefix.length) : ID;
}

/** What it takes in and puts out, in words; nothing while that is not known. */
export function trafficOf({ input, output }: Summary): string {
  return input === undefined && output === undefined ? "" : `reads ${rate(input)}, writes ${rate(output)}`;
}

export const instancesWord = (total: number) => plural(total, "task instance");
