// What the designer's live stream says, kept in one store. Nothing here asks again and again: the stream tells.
import { useEffect } from "react";
import { create } from "zustand";
import type {
  Alert,
  Broker,
  Element,
  Instance,
  Master,
  Revisions,
  Sample,
  ServiceHealth,
  Snapshot,
  Worker,
} from "./types";

/** Samples kept, one every two seconds. */
const MAX_SAMPLES = 300;
const MAX_ALERTS = 100;

export type Connection = "connecting" | "live" | "lost";
export type Watched = { state: "live" | "refused" | "failed"; reason?: string };

export interface Live {
  connection: Connection;
  /** When the stream last said something, by this machine's clock. */
  heard: number;
  site: string;
  version: string;
  services: ServiceHealth[];
  brokers: Broker[];
  masters: Master[];
  workers: ReadonlyMap<string, Worker>;
  instances: ReadonlyMap<string, Instance>;
  alerts: Alert[];
  history: Sample[];
  revisions: Revisions | null;
  /** The entities of the types that are watched. */
  entities: ReadonlyMap<string, Element>;
  /** How often each entity was updated while watched. */
  updates: ReadonlyMap<string, number>;
  watched: ReadonlyMap<string, Watched>;
}

const empty: Live = {
  connection: "connecting",
  heard: 0,
  site: "",
  version: "",
  services: [],
  brokers: [],
  masters: [],
  workers: new Map(),
  instances: new Map(),
  alerts: [],
  history: [],
  revisions: null,
  entities: new Map(),
  updates: new Map(),
  watched: new Map(),
};

export const useLive = create<Live>(() => empty);

interface Changed<T> {
  set: T[];
  removed: string[];
}

type Events = {
  snapshot: Snapshot;
  services: ServiceHealth[];
  brokers: Broker[];
  masters: Master[];
  workers: Changed<Worker>;
  instances: Changed<Instance>;
  sample: Sample;
  alert: Alert;
  revisions: Revisions;
  entities: Changed<Element> & { updates?: Record<string, number> };
  watch: { type: string } & Watched;
};

/** What each event changes. */
export const reducers: { [name in keyof Events]: (live: Live, data: Events[name]) => Partial<Live> } = {
  snapshot: (_, data) => ({
    ...data,
    workers: new Map(data.workers.map((worker) => [worker.id, worker])),
    instances: new Map(data.instances.map((instance) => [instance.ID, instance])),
    entities: new Map(),
    updates: new Map(),
    watched: new Map(),
  }),
  services: (_, services) => ({ services }),
  brokers: (_, brokers) => ({ brokers }),
  masters: (_, masters) => ({ masters }),
  workers: (live, data) => ({ workers: changed(live.workers, data, (worker) => worker.id) }),
  instances: (live, data) => ({ instances: changed(live.instances, data, (instance) => instance.ID) }),
  sample: (live, sample) => ({ history: [...live.history, sample].slice(-MAX_SAMPLES) }),
  alert: (live, alert) => ({
    alerts: [...live.alerts.filter((other) => other.id !== alert.id), alert].slice(-MAX_ALERTS),
  }),
  revisions: (_, revisions) => ({ revisions }),
  entities: (live, data) => ({
    entities: changed(live.entities, data, (element) => element.entityId.id),
    updates: counted(live.updates, data.updates ?? {}),
  }),
  watch: (live, { type, ...state }) => ({ watched: new Map(live.watched).set(type, state) }),
};

function changed<T>(before: ReadonlyMap<string, T>, { set, removed }: Changed<T>, id: (item: T) => string) {
  const after = new Map(before);
  for (const key of removed) after.delete(key);
  for (const item of set) after.set(id(item), item);
  return after;
}

function counted(before: ReadonlyMap<string, number>, more: Record<string, number>) {
  const after = new Map(before);
  for (const [id, count] of Object.entries(more)) after.set(id, (after.get(id) ?? 0) + count);
  return after;
}

const RETRY_MS = 1_000;
const MAX_RETRY_MS = 10_000;
/** A stream brings a sample every two seconds: one that says nothing for so long is cut, even if nobody closed it. */
const SILENCE_MS = 15_000;
/** A tab that nobody has seen for so long lets go of its stream: browsers open only six connections to one server. */
const HIDDEN_MS = 20_000;
/** Types asked for within this time share one new connection. */
const SETTLE_MS = 100;

/** The one connection of this tab; opened again when other types are to be watched. */
class Stream {
  private source: EventSource | null = null;
  private readonly wanted = new Map<string, number>();
  private open = "";
  private timer = 0;
  private silence = 0;
  private hidden = 0;
  private resting = false;
  private retryMs = RETRY_MS;
  private running = false;

  start() {
    this.running = true;
    this.connect();
    const changed = () => this.seen();
    changed();
    document.addEventListener("visibilitychange", changed);
    return () => {
      document.removeEventListener("visibilitychange", changed);
      this.running = false;
      this.close();
    };
  }

  private close() {
    for (const timer of [this.timer, this.silence, this.hidden]) clearTimeout(timer);
    this.source?.close();
  }

  private seen() {
    clearTimeout(this.hidden);
    if (document.hidden) this.hidden = setTimeout(() => this.rest(), HIDDEN_MS) as unknown as number;
    else if (this.resting) {
      this.resting = false;
      this.connect();
    }
  }

  private rest() {
    this.resting = true;
    this.close();
    useLive.setState({ connection: "connecting" });
  }

  watch(types: readonly string[]) {
    for (const type of types) this.wanted.set(type, (this.wanted.get(type) ?? 0) + 1);
    this.settle();
    return () => {
      for (const type of types) {
        const left = (this.wanted.get(type) ?? 1) - 1;
        if (left > 0) this.wanted.set(type, left);
        else this.wanted.delete(type);
      }
      this.settle();
    };
  }

  private settle() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.url() !== this.open && this.connect(), SETTLE_MS) as unknown as number;
  }

  private url() {
    const query = [...this.wanted.keys()].sort().map((type) => `watch=${encodeURIComponent(type)}`);
    return `/live${query.length ? "?" : ""}${query.join("&")}`;
  }

  private connect() {
    if (!this.running || this.resting) return;
    this.source?.close();
    this.open = this.url();
    const source = new EventSource(this.open);
    this.source = source;
    source.onerror = () => this.lost(source);
    this.listen();
    for (const name of Object.keys(reducers) as (keyof Events)[]) {
      source.addEventListener(name, (event) => this.heard(name, (event as MessageEvent<string>).data));
    }
  }

  private listen() {
    const source = this.source;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => source && this.lost(source), SILENCE_MS) as unknown as number;
  }

  private heard<N extends keyof Events>(name: N, text: string) {
    this.retryMs = RETRY_MS;
    this.listen();
    const data = JSON.parse(text) as Events[N];
    useLive.setState((live) => ({ ...reducers[name](live, data), connection: "live", heard: Date.now() }));
  }

  private lost(source: EventSource) {
    if (source !== this.source) return;
    source.close();
    useLive.setState({ connection: "lost" });
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.timer = setTimeout(() => this.connect(), this.retryMs) as unknown as number;
    this.retryMs = Math.min(MAX_RETRY_MS, this.retryMs * 2);
  }
}

const stream = new Stream();

/** Keeps the stream open while the application is. */
export function useLiveStream() {
  useEffect(() => stream.start(), []);
}

/** Follows the entities of these types while the component is shown; they appear in `useLive().entities`. */
export function useWatch(types: readonly string[]) {
  const key = JSON.stringify([...new Set(types)].sort());
  useEffect(() => stream.watch(JSON.parse(key)), [key]);
}

export const resetLive = () => useLive.setState(empty, true);
