import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useLive } from "@/api/live";
import type { Service } from "@/api/types";
import { Toasts } from "@/ui";
import TopologiesPage from ".";
import { draftOf } from "./model/drafts";

const input = (selected_type: string, groupby = "ALL") => ({
  selected_type,
  selected_attributes: [],
  groupby,
  scoped: false,
});

const energy = (): Service => ({
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

let services: Record<string, Service>;
let intents: Record<string, unknown>;
let answer: (method: string, path: string, body: unknown) => Response | undefined;
let posted: { path: string; body: unknown }[];

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

function serve(path: string, init?: RequestInit): Response {
  const method = init?.method ?? "GET";
  const body = init?.body ? JSON.parse(String(init.body)) : undefined;
  if (method !== "GET") posted.push({ path, body });
  const special = answer(method, path, body);
  if (special) return special;
  if (path === "/operator")
    return json({ meter: { name: "meter", description: "reads" }, adder: { name: "adder" } });
  if (path === "/service" && method === "GET") return json(services);
  if (path === "/intent") return json(intents);
  if (path === "/service") {
    for (const service of body as Service[]) services[service.topology.name] = service;
    return json({});
  }
  if (method === "DELETE") {
    delete services[decodeURIComponent(path.split("/")[2] ?? "")];
    return json({});
  }
  return json({ error: "nothing there" }, 404);
}

beforeEach(() => {
  services = { energy: energy() };
  intents = { "ServiceIntent.1": { id: "ServiceIntent.1", topology: "energy" } };
  posted = [];
  answer = () => undefined;
  localStorage.clear();
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
});

function show(hash: string) {
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
  return userEvent.setup();
}

const button = (name: string | RegExp) => screen.findByRole("button", { name });
const nodes = () => [...document.querySelectorAll<HTMLElement>(".react-flow__node")];
const node = (label: string) => nodes().find((one) => one.getAttribute("aria-label")?.startsWith(label))!;
const press = (key: string, more = {}) => fireEvent.keyDown(document.body, { key, ...more });

describe("the list", () => {
  it("says what tasks do and which intents there are", async () => {
    show("#/topologies");
    expect((await screen.findByRole("link", { name: "energy" })).getAttribute("href")).toBe(
      "#/topologies/energy",
    );
    const row = screen.getByRole("row", { name: /energy/ });
    expect(row.textContent).toMatch(/Meter to meter to Reading/);
    expect(await within(row).findByText("1 intent")).toBeTruthy();
  });

  it("leads on when it is empty", async () => {
    services = {};
    show("#/topologies");
    expect((await screen.findByRole("link", { name: "Draw the first one" })).getAttribute("href")).toBe(
      "#/topologies/new",
    );
  });

  it("shows why a topology in use is not deleted", async () => {
    const text = "service `energy` is wanted by intent `ServiceIntent.1`: delete that first";
    answer = (method) => (method === "DELETE" ? json({ error: text }, 409) : undefined);
    const user = show("#/topologies");
    await user.click(await button("Delete energy"));
    await user.click(await button("Delete"));
    expect(await screen.findByText(text)).toBeTruthy();
    expect(services).toHaveProperty("energy");
  });

  it("imports into a new topology, and names what is wrong with a file", async () => {
    const user = show("#/topologies");
    await user.click(await button("Import"));
    const field = screen.getByLabelText("Or its text");
    const dialog = screen.getByRole("dialog", { hidden: true });
    const take = () => user.click(within(dialog).getByText("Import"));
    fireEvent.change(field, { target: { value: '{"tasks":7}' } });
    await take();
    expect(screen.getByText("tasks must be a list.")).toBeTruthy();
    const { topology } = energy();
    fireEvent.change(field, { target: { value: JSON.stringify({ ...topology, name: "copy" }) } });
    await take();
    expect(location.hash).toBe("#/topologies/new");
    expect(await screen.findByRole("heading", { name: "copy", level: 1 })).toBeTruthy();
    expect(nodes()).toHaveLength(4);
    expect(screen.getByText("Not saved")).toBeTruthy();
  });
});

describe("the editor", () => {
  it("draws what there is and saves a change with everything the document held", async () => {
    const user = show("#/topologies/energy");
    await screen.findByRole("heading", { name: "energy", level: 1 });
    expect(nodes().map((one) => one.getAttribute("aria-label"))).toEqual([
      "Task read, operator meter",
      "Task sum, operator adder",
      "Stream Meter, each entity",
      "Stream Reading, all together",
    ]);
    await user.clear(screen.getByLabelText("Description"));
    await user.type(screen.getByLabelText("Description"), "new words");
    await user.click(await button("Save"));
    await screen.findByText("Topology energy is saved.");
    const [service] = posted[0]!.body as Service[];
    expect(service).toMatchObject({
      owner: "somebody",
      topology: { ...energy().topology, description: "new words" },
    });
    expect(service!.designboard).toHaveProperty("blocks.length", 4);
    expect(screen.queryByText("Not saved")).toBeNull();
  });

  it("builds a topology from nothing, without a mouse", async () => {
    const user = show("#/topologies/new");
    await user.click(await button("Add a task with operator meter"));
    await user.click(await button("Add a task with operator adder"));
    fireEvent.click(node("Task meter"));
    await user.click(await button("Read a new stream"));
    await user.type(await screen.findByLabelText("Entity type"), "Meter");
    fireEvent.click(node("Task meter"));
    fireEvent.keyDown(node("Task meter"), { key: "c" });
    await user.click(await button("Task adder"));
    expect(nodes()).toHaveLength(4);
    fireEvent.keyDown(document.querySelector(".react-flow__pane")!, { key: "Escape" });
    await user.click(await button("Back to the topology"));
    await user.type(screen.getByLabelText("Name"), "fresh");
    await user.click(await button("Save"));
    await screen.findByText("Topology fresh is saved.");
    expect(location.hash).toBe("#/topologies/fresh");
    const [service] = posted[0]!.body as Service[];
    expect(service!.topology.tasks).toEqual([
      {
        name: "meter",
        operator: "meter",
        input_streams: [input("Meter", "EntityID")],
        output_streams: [{ entity_type: "MeterResult" }],
      },
      {
        name: "adder",
        operator: "adder",
        input_streams: [input("MeterResult", "EntityID")],
        output_streams: [{ entity_type: "AdderResult" }],
      },
    ]);
    expect((await button("Undo")).hasAttribute("disabled")).toBe(false);
  });

  it("leads to the problems before it saves", async () => {
    const user = show("#/topologies/new");
    await user.click(await button("Add a task with operator adder"));
    await user.click(await button("Save"));
    expect(posted).toEqual([]);
    await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText("Name")));
    await user.click(await button(/Error: .* has no input/));
    expect(node("Task adder").className).toContain("selected");
    expect(node("Task adder").getAttribute("aria-label")).toBe("Task adder, operator adder, 1 problem");
  });

  it("marks the node that the service refuses", async () => {
    answer = (method, path) =>
      method === "POST" && path === "/service"
        ? json({ error: "the operator is not wanted", field: "[0].topology.tasks[1].operator" }, 400)
        : undefined;
    const user = show("#/topologies/energy");
    await user.type(await screen.findByLabelText("Description"), "!");
    await user.click(await button("Save"));
    expect((await screen.findByLabelText("Operator")).getAttribute("aria-invalid")).toBe("true");
    expect(node("Task sum").getAttribute("aria-label")).toContain("1 problem");
    expect(await button("Error: the operator is not wanted")).toBeTruthy();
  });

  it("asks before it replaces another topology", async () => {
    services.other = { topology: { ...energy().topology, name: "other" } };
    const user = show("#/topologies/energy");
    const name = await screen.findByLabelText("Name");
    await user.clear(name);
    await user.type(name, "other");
    await user.click(await button("Save"));
    expect(posted).toEqual([]);
    await user.click(await button("Replace"));
    await screen.findByText("Topology other is saved.");
  });

  it("undoes and redoes by keys, and copies", async () => {
    show("#/topologies/energy");
    await screen.findByRole("heading", { name: "energy", level: 1 });
    press("a", { ctrlKey: true });
    press("c", { ctrlKey: true });
    press("v", { ctrlKey: true });
    expect(nodes()).toHaveLength(8);
    press("d", { ctrlKey: true });
    expect(nodes()).toHaveLength(12);
    press("z", { ctrlKey: true });
    press("z", { metaKey: true });
    expect(nodes()).toHaveLength(4);
    press("y", { ctrlKey: true });
    press("Z", { ctrlKey: true, shiftKey: true });
    expect(nodes()).toHaveLength(12);
    press("Delete");
    expect(nodes()).toHaveLength(12);
    press("a", { ctrlKey: true });
    press("Delete");
    expect(nodes()).toHaveLength(0);
  });

  it("changes a stream: grouping, attributes, area", async () => {
    const user = show("#/topologies/energy");
    await screen.findByRole("heading", { name: "energy", level: 1 });
    fireEvent.click(node("Stream Meter"));
    await user.selectOptions(screen.getByLabelText("Task instances"), "by attribute");
    await user.type(screen.getByLabelText("Attribute to group by"), "shop");
    await user.type(screen.getByLabelText("Attributes"), "usage,power{Enter}");
    await user.click(screen.getByLabelText("Only within the intent's area"));
    expect(node("Stream Meter").getAttribute("aria-label")).toBe(
      "Stream Meter, by shop · usage, power · in scope",
    );
    await user.click(await button("Take usage away"));
    expect(node("Stream Meter").getAttribute("aria-label")).toContain("by shop · power");
  });
});

describe("what is not saved", () => {
  it("is asked about on leaving, and offered on return", async () => {
    const user = show("#/topologies/energy");
    await user.type(await screen.findByLabelText("Description"), "!");
    location.hash = "#/topologies";
    await user.click(await button("Stay"));
    expect(location.hash).toBe("#/topologies/energy");
    location.hash = "#/topologies";
    await user.click(await button("Leave and keep a draft"));
    await screen.findByRole("heading", { name: "Topologies" });
    expect(draftOf("energy")?.drawing.description).toBe("adds up meters!");
    location.hash = "#/topologies/energy";
    await user.click(await button("Go on with them"));
    expect(screen.getByLabelText("Description")).toHaveProperty("value", "adds up meters!");
  });

  it("can be thrown away", async () => {
    const user = show("#/topologies/energy");
    await user.type(await screen.findByLabelText("Description"), "!");
    location.hash = "#/topologies";
    await user.click(await button("Throw the changes away"));
    await screen.findByRole("heading", { name: "Topologies" });
    expect(draftOf("energy")).toBeUndefined();
  });
});
