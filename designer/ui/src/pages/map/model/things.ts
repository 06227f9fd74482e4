// Whatever can be selected on the map, by its identifier.
import type { Broker, Element, Instance, Intent, Point, Worker } from "@/api/types";
import { knownPlaceOf, placedCentre, scopeOf } from "@/map";

export type Thing =
  | { kind: "worker"; id: string; worker: Worker }
  | { kind: "broker"; id: string; broker: Broker }
  | { kind: "instance"; id: string; instance: Instance }
  | { kind: "entity"; id: string; element: Element }
  | { kind: "intent"; id: string; intent: Intent };

export interface Known {
  workers: ReadonlyMap<string, Worker>;
  brokers: Broker[];
  instances: ReadonlyMap<string, Instance>;
  entities: ReadonlyMap<string, Element>;
  intents: Record<string, Intent>;
}

export function thingOf(id: string, known: Known): Thing | undefined {
  const worker = known.workers.get(id);
  if (worker) return { kind: "worker", id, worker };
  const broker = known.brokers.find((one) => one.id === id);
  if (broker) return { kind: "broker", id, broker };
  const instance = known.instances.get(id);
  if (instance) return { kind: "instance", id, instance };
  const intent = known.intents[id];
  if (intent) return { kind: "intent", id, intent };
  const element = known.entities.get(id);
  return element && { kind: "entity", id, element };
}

/** Where a thing is; undefined when it is nowhere. */
export function pointOf(thing: Thing, known: Known): Point | undefined {
  if (thing.kind === "worker") return thing.worker.location;
  if (thing.kind === "broker") return thing.broker.location;
  if (thing.kind === "instance") return known.workers.get(thing.instance.Worker)?.location;
  if (thing.kind === "entity") return knownPlaceOf(thing.element)?.point;
  return placedCentre(scopeOf(thing.intent.geoscope));
}

/** An identifier without what its kind tells anyway; of a task instance only the task and its number. */
export const shortId = (id: string) =>
  id.replace(/^(Worker|Broker|ServiceIntent)\./, "").replace(/^Task\..*?([^.]+\.[^.]+)$/, "$1");

/** What is said of it beside its identifier. */
export function aboutOf(thing: Thing): string {
  if (thing.kind === "worker") return `worker, ${thing.worker.state}`;
  if (thing.kind === "broker") return `broker, ${thing.broker.state}`;
  if (thing.kind === "instance") return `${thing.instance.TaskName}, ${thing.instance.Status}`;
  if (thing.kind === "intent") return `intent of ${thing.intent.topology}`;
  return thing.element.entityId.type || "entity";
}

export function* allThings(known: Known): Generator<Thing> {
  for (const worker of known.workers.values()) yield { kind: "worker", id: worker.id, worker };
  for (const broker of known.brokers) yield { kind: "broker", id: broker.id, broker };
  for (const intent of Object.values(known.intents)) yield { kind: "intent", id: intent.id, intent };
  for (const instance of known.instances.values()) {
    if (instance.Status !== "removed") yield { kind: "instance", id: instance.ID, instance };
  }
  for (const element of known.entities.values()) yield { kind: "entity", id: element.entityId.id, element };
}

const MAX_FOUND = 20;

/** The things whose identifier or description has all the words. */
export function search(text: string, known: Known): Thing[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found: Thing[] = [];
  if (words.length === 0) return found;
  for (const thing of allThings(known)) {
    const line = `${thing.id} ${aboutOf(thing)}`.toLowerCase();
    if (words.every((word) => line.includes(word))) found.push(thing);
    if (found.length >= MAX_FOUND) break;
  }
  return found;
}

export interface View {
  west: number;
  south: number;
  east: number;
  north: number;
}

export const sees = ({ west, south, east, north }: View, { latitude, longitude }: Point) =>
  latitude >= south && latitude <= north && longitude >= west && longitude <= east;

/** What lies in a view, the nodes first; an intent is in no list, as its area may be anywhere. */
export function inView(known: Known, view: View, isShown: (thing: Thing) => boolean): Thing[] {
  const found: Thing[] = [];
  for (const thing of allThings(known)) {
    if (thing.kind === "intent" || !isShown(thing)) continue;
    const point = pointOf(thing, known);
    if (point && sees(view, point)) found.push(thing);
  }
  return found;
}
