// A designer in memory, and the page in front of it, for tests.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, vi } from "vitest";
import { useLive } from "@/api/live";
import type { Service } from "@/api/types";
import { Toasts } from "@/ui";
import { laidOut } from "@/ui/virtual-table.testkit";
import TopologiesPage from "..";

export const input = (selected_type: string, groupby = "ALL") => ({
  selected_type,
  selected_attributes: [],
  groupby,
  scoped: false,
});

export const energy = (): Service => ({
  owner: "somebody",
  topology: {
    name: "energy",
    description: "adds up meters",
    tasks: [
      {
        name: "read",
        operator: "meter",
        input_streams: [input("Meter", "EntityID")],
        output_streams: [{ entity_type: "Reading" }],
      },
      {
        name: "sum",
        operator: "adder",
        input_streams: [input("Reading")],
        output_streams: [{ entity_type: "Total" }],
      },
    ],
  },
});

type Answer = (method: string, path: string) => Response | undefined;

interface Designer {
  services: Record<string, Service>;
  intents: Record<string, unknown>;
  /** What was asked for other than reading. */
  posted: { path: string; body: unknown }[];
  /** Answers instead, when it answers. */
  answer: Answer;
  /** Reads the topologies again, as the live stream makes pages do. */
  refresh: () => Promise<void>;
}

export const designer: Designer = {
  services: {},
  intents: {},
  posted: [],
  answer: () => undefined,
  refresh: async () => {},
};

export const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

function serve(path: string, init?: RequestInit): Response {
  const method = init?.method ?? "GET";
  const body = init?.body ? JSON.parse(String(init.body)) : undefined;
  if (method !== "GET") designer.posted.push({ path, body });
  const special = designer.answer(method, path);
  if (special) return special;
  if (path === "/operator")
    return json({ meter: { name: "meter", description: "reads" }, adder: { name: "adder" } });
  if (path === "/service" && method === "GET") return json(designer.services);
  if (path === "/intent") return json(designer.intents);
  if (path === "/service") {
    for (const service of body as Service[]) designer.services[service.topology.name] = service;
    return json({});
  }
  if (method === "DELETE") {
    delete designer.services[decodeURIComponent(path.split("/")[2] ?? "")];
    return json({});
  }
  return json({ error: "nothing there" }, 404);
}

beforeEach(() => {
  designer.services = { energy: energy() };
  designer.intents = { "ServiceIntent.1": { id: "ServiceIntent.1", topology: "energy" } };
  designer.posted = [];
  designer.answer = () => undefined;
  localStorage.clear();
  laidOut();
  vi.stubGlobal("fetch", async (path: string, init?: RequestInit) => serve(path, init));
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  );
  useLive.setState({ history: [{ types: { Meter: 3, Reading: 1 } } as never] });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

export function show(hash: string) {
  location.hash = hash;
  const client = new QueryClient({
    defaultOptions: { queries: { retry: false, staleTime: Number.POSITIVE_INFINITY } },
  });
  render(
    <QueryClientProvider client={client}>
      <TopologiesPage />
      <Toasts />
    </QueryClientProvider>,
  );
  designer.refresh = () => client.invalidateQueries({ queryKey: ["service"] });
  return userEvent.setup();
}

export const button = (name: string | RegExp) => screen.findByRole("button", { name });
export const nodes = () => [...document.querySelectorAll<HTMLElement>(".react-flow__node")];
export const node = (label: string) =>
  nodes().find((one) => one.getAttribute("aria-label")?.startsWith(label))!;
export const press = (key: string, more = {}) => fireEvent.keyDown(document.body, { key, ...more });
