// What the overview says, from what the live stream tells.
import type { Alert, Broker, Instance, Master, Sample, ServiceHealth, Worker } from "@/api/types";
import { hashOf } from "@/app/router";
import { duration, plural, siteOf } from "@/ui/format";

/** Whether an alert tells of something that still holds. */
export const isOpen = (alert: Alert) => alert.severity !== "good" && !alert.until;

/** Open ones first, then the newest first. */
export function alertsInOrder(alerts: readonly Alert[]): Alert[] {
  const rank = (alert: Alert) => (isOpen(alert) ? 0 : 1);
  return [...alerts].sort((a, b) => rank(a) - rank(b) || b.at - a.at || b.id - a.id);
}

/** How long it has been so, or when it ended. */
export function alertTiming(alert: Alert, now: number, written: (at: number) => string): string {
  if (isOpen(alert)) return `since ${written(alert.at)}, for ${duration(now - alert.at)}`;
  const { until } = alert;
  if (!until || until <= alert.at) return written(alert.at);
  return `${written(alert.at)}, over at ${written(until)} after ${duration(until - alert.at)}`;
}

/** The text without the time since when, which is said beside it in the viewer's zone. */
export const alertText = ({ text }: Alert) => text.replace(/ since \d\d:\d\d:\d\d UTC/, "");

/** Where to look closer. */
export function alertHref({ link }: Alert): string | undefined {
  if (!link) return undefined;
  if (!link.id) return hashOf(link.page);
  if (link.page !== "running") return hashOf(link.page, [link.id]);
  if (link.id.startsWith("Task.")) return hashOf("running", [], { instance: link.id });
  if (link.id.startsWith("Worker.")) return hashOf("running", [], { worker: link.id });
  return hashOf("running", [link.id]);
}

/** The reason a service gives, on one line. */
export function reasonOf(reason: ServiceHealth["reason"]): string {
  if (!reason) return "";
  if (typeof reason === "string") return reason;
  return Object.entries(reason)
    .map(([part, problem]) => `${part}: ${problem}`)
    .join("; ");
}

export interface Verdict {
  mood: "good" | "warn" | "bad";
  text: string;
}

interface Standing {
  services: readonly ServiceHealth[];
  brokers: readonly Broker[];
  workers: readonly Worker[];
  alerts: readonly Alert[];
  failed: number;
  waiting: number;
  /** Brokers that this site gets no answer from. */
  unreachable: readonly string[];
}

const works = ({ state }: ServiceHealth) => state === "ready" || state === "running";

function complaint({ name, state, reason }: ServiceHealth): string {
  const why = reasonOf(reason);
  return `${name} is ${state}${why ? ` (${why})` : ""}`;
}

/** The whole system in one sentence. */
export function verdictOf({
  services,
  brokers,
  workers,
  alerts,
  failed,
  waiting,
  unreachable,
}: Standing): Verdict {
  const away = services.filter((service) => !works(service));
  if (away.length > 0) {
    return { mood: "bad", text: `Not everything works: ${away.map(complaint).join(", ")}.` };
  }
  const silent = [...brokers, ...workers].filter(({ state }) => state === "silent").map(({ id }) => id);
  const cut = unreachable.filter((id) => !silent.includes(id));
  const concerns = [
    workers.some(({ state }) => state === "ready") ? "" : "no worker is ready, so no task can run",
    failed > 0 ? `${plural(failed, "task instance")} failed` : "",
    listed(silent, "brokers and workers", "is silent", "are silent"),
    listed(cut, "brokers", "cannot be reached"),
    waiting > 0 ? `${plural(waiting, "task instance")} ${waiting === 1 ? "waits" : "wait"} for a worker` : "",
  ].filter(Boolean);
  if (concerns.length > 0) return { mood: failed > 0 ? "bad" : "warn", text: sentence(concerns.join("; ")) };
  const open = alerts.filter(isOpen);
  if (open.length > 0) return { mood: "warn", text: `${plural(open.length, "alert")} still open.` };
  return { mood: "good", text: "Everything works." };
}

const sentence = (words: string) => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;

/** A few by name, many by number. */
function listed(ids: readonly string[], all: string, one: string, many = one): string {
  if (ids.length > 3) return `${ids.length} ${all} ${many}`;
  return ids.map((id) => `${nameOf(id)} ${one}`).join(", ");
}

/** `Worker.north` as `worker north`. */
const nameOf = (id: string) => {
  const site = siteOf(id);
  return site === id ? id : `${id.slice(0, id.length - site.length - 1).toLowerCase()} ${site}`;
};

/** What the system says of itself. */
const OWN_TYPES = new Set(["IoTBroker", "uService"]);

/** Nothing has been set up yet: no task instance, and no entity but those of the system itself. */
export function isUntouched(instances: number, sample: Sample | undefined): boolean {
  if (instances > 0 || !sample) return false;
  return Object.entries(sample.types).every(([type, entities]) => entities === 0 || OWN_TYPES.has(type));
}

export interface Counts {
  running: number;
  scheduled: number;
  paused: number;
  failed: number;
}

export function countsOf(instances: Iterable<Instance>): Counts {
  const counts = { running: 0, scheduled: 0, paused: 0, failed: 0 };
  for (const { Status } of instances) if (Status in counts) counts[Status as keyof Counts] += 1;
  return counts;
}

/** Those that need attention first, then by name. */
export function workersInOrder(workers: Iterable<Worker>): Worker[] {
  const rank = { silent: 0, ready: 1, left: 2 };
  return [...workers].sort((a, b) => rank[a.state] - rank[b.state] || byName(a.id, b.id));
}

export const byName = (a: string, b: string) => a.localeCompare(b, undefined, { numeric: true });

/** The share of a worker's capacity that is taken, 0 to 1. */
export const loadOf = ({ workload, capacity }: Worker) =>
  capacity > 0 ? Math.min(1, workload / capacity) : workload > 0 ? 1 : 0;

/** How a master's part is called; one that does not say leads alone. */
export const roleOf = ({ role }: Master) => (role === "standby" ? "stands by" : "active");

/** Host and port; the scheme is said only when it is not plain http. */
export const addressOf = (url = "") => url.replace(/^http:\/\//, "");
