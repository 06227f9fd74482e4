// A system to show pages against: what the stream told, and what requests answer.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render } from "@testing-library/react";
import axe from "axe-core";
import type { ReactNode } from "react";
import { vi } from "vitest";
import { type Live, reducers, resetLive, useLive } from "@/api/live";
import type { Element, Snapshot } from "@/api/types";

export const NOW = 1_900_000_000_000;

export const entity = (id: string, type: string, values: Record<string, unknown>): Element => ({
  entityId: { id, type, isPattern: false },
  attributes: Object.entries(values).map(([name, value]) => ({
    name,
    type: typeof value === "number" ? "float" : "string",
    value,
  })),
});

/** What the stream says first, with these types known. */
export function hear(types: Record<string, number>, more: Partial<Snapshot> = {}) {
  const sample = {
    at: NOW,
    updates: 0,
    notifications: 0,
    failures: 0,
    queued: 0,
    bus: 0,
    instances: { running: 0, scheduled: 0, failed: 0, paused: 0 },
    workers: 0,
    entities: 0,
    types,
    unreachable: [],
  };
  const snapshot: Snapshot = {
    now: NOW,
    version: "4",
    site: "north",
    services: [],
    brokers: [{ id: "Broker.north", url: "http://north:8070/ngsi10", state: "ready", seen: NOW }],
    masters: [],
    workers: [],
    instances: [],
    alerts: [],
    history: [sample],
    revisions: { operator: 0, service: 0, intent: 0, fogfunction: 0, device: 0, subscription: 0 },
    ...more,
  };
  act(() =>
    useLive.setState((live) => ({ ...reducers.snapshot(live, snapshot), connection: "live", heard: NOW })),
  );
}

/** Entities of a type that the stream follows. */
export function follow(type: string, ...entities: Element[]) {
  const changes = (live: Live): Partial<Live> => ({
    ...reducers.entities(live, { set: entities, removed: [] }),
    ...reducers.watch(live, { type, state: "live" }),
  });
  act(() => useLive.setState(changes));
}

export interface Asked {
  method: string;
  path: string;
  body: unknown;
}

type Answer = unknown | ((asked: Asked) => unknown);

/** Answers requests by `METHOD /path`, without its query; tells what was asked. Others are not found. */
export function answers(routes: Record<string, Answer>): Asked[] {
  const asked: Asked[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (path, init) => {
    const method = init?.method ?? "GET";
    const text = init?.body;
    const one = { method, path: String(path), body: typeof text === "string" ? JSON.parse(text) : text };
    asked.push(one);
    const route = routes[`${method} ${one.path.split("?")[0]}`];
    if (route === undefined) return new Response('{"error":"there is no such thing"}', { status: 404 });
    const answer: unknown = typeof route === "function" ? route(one) : route;
    return answer instanceof Response ? answer : new Response(JSON.stringify(answer));
  });
  return asked;
}

export const refusal = (status: number, error: string, field?: string) =>
  new Response(JSON.stringify({ error, field }), { status });

export const updated = { contextResponses: [{ statusCode: { code: 200, reasonPhrase: "OK" } }] };

export function show(page: ReactNode, hash: string) {
  location.hash = hash;
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return render(<QueryClientProvider client={client}>{page}</QueryClientProvider>);
}

/** What a checker of accessibility finds; contrast needs a real browser. */
export async function faults(): Promise<string[]> {
  const { violations } = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

export function forgetAll() {
  resetLive();
  localStorage.clear();
  vi.restoreAllMocks();
}
