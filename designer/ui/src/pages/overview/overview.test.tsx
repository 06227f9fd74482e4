import { act, cleanup, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { reducers, resetLive, useLive } from "@/api/live";
import type { Alert, Sample, Snapshot, Worker } from "@/api/types";
import { answers, refusal, show } from "@/testing/system";
import { laidOut } from "@/ui/virtual-table.testkit";
import Overview from ".";

const NOW = 1_900_000_000_000;

const sample = (at: number, entities: number): Sample => ({
  at,
  updates: 12,
  notifications: 30,
  failures: 0,
  queued: 4,
  bus: 0,
  instances: { running: 1, scheduled: 0, failed: 0, paused: 0 },
  workers: 1,
  entities,
  types: { PowerPanel: entities },
  unreachable: [],
});

const worker: Worker = {
  id: "Worker.north",
  capacity: 10,
  workload: 6,
  engines: ["function"],
  seen: NOW,
  state: "ready",
  location: { latitude: 49.4, longitude: 8.7 },
};

const alerts: Alert[] = [
  { id: 1, severity: "warn", at: NOW - 90_000, text: "Worker south is silent.", link: { page: "map" } },
  { id: 2, severity: "bad", at: NOW - 50_000, until: NOW - 40_000, text: "The broker did not answer." },
];

function hear(more: Partial<Snapshot>) {
  const snapshot: Snapshot = {
    now: NOW,
    version: "4",
    site: "north",
    services: [{ name: "broker", state: "not ready", reason: { discovery: "does not answer" } }],
    brokers: [{ id: "Broker.south", url: "http://south", state: "silent", seen: NOW - 60_000 }],
    masters: [{ id: "Master.north", agent: "", role: "active" }],
    workers: [],
    instances: [],
    alerts: [],
    history: [],
    revisions: { operator: 0, service: 0, intent: 0, fogfunction: 0, device: 0, subscription: 0 },
    ...more,
  };
  act(() =>
    useLive.setState((live) => ({ ...reducers.snapshot(live, snapshot), connection: "live", heard: 1 })),
  );
}

beforeEach(laidOut);

afterEach(() => {
  cleanup();
  resetLive();
  vi.restoreAllMocks();
});

describe("the overview", () => {
  it("waits for the stream before it says anything", () => {
    render(<Overview />);
    expect(screen.getByRole("status", { name: "Loading" })).toBeDefined();
  });

  it("offers the example when there is nothing yet, and leads to first steps", async () => {
    const asked = answers({ "POST /operator": {}, "POST /service": {} });
    show(<Overview />, "#/overview");
    hear({ workers: [worker], history: [{ ...sample(NOW, 1), types: { IoTBroker: 1 } }] });
    expect(screen.getByRole("link", { name: "First steps" }).getAttribute("href")).toBe("#/guide");
    expect(screen.queryByRole("list", { name: "Figures" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Install the example" }));
    await waitFor(() => expect(location.hash).toBe("#/guide"));
    expect(asked.map(({ path }) => path)).toEqual(["/operator", "/service"]);
  });

  it("says why the example was not installed", async () => {
    answers({ "POST /operator": refusal(507, "the storage is full") });
    show(<Overview />, "#/overview");
    hear({ workers: [worker], history: [{ ...sample(NOW, 1), types: { IoTBroker: 1 } }] });
    await userEvent.click(screen.getByRole("button", { name: "Install the example" }));
    expect(await screen.findByText("the storage is full")).toBeDefined();
    expect(location.hash).toBe("#/overview");
  });

  it("shows services with reasons, figures, workers with load, and the brokers of other sites", () => {
    render(<Overview />);
    hear({ workers: [worker], history: [sample(NOW, 1_234)] });
    expect(screen.getByRole("alert").textContent).toContain(
      "broker is not ready (discovery: does not answer)",
    );
    const figures = screen.getByRole("list", { name: "Figures" });
    expect(within(figures).getByRole("link", { name: "Entities" }).getAttribute("href")).toBe("#/context");
    expect(figures.textContent).toContain("1,234");
    const load = screen.getByRole("meter", { name: "Load of north" });
    expect([load.getAttribute("aria-valuenow"), load.getAttribute("aria-valuemax")]).toEqual(["6", "10"]);
    expect(within(screen.getByRole("table", { name: "Brokers" })).getByText(/for 60 s/)).toBeDefined();
  });

  it("follows the stream: an alert that opens appears on top, one that ends moves down", () => {
    render(<Overview />);
    hear({ workers: [worker], history: [sample(NOW, 1)], alerts });
    const texts = () =>
      screen.getAllByText(/^(Worker south|The broker|Worker east)/).map((it) => it.textContent);
    expect(texts()).toEqual(["Worker south is silent.", "The broker did not answer."]);
    expect(screen.getByRole("link", { name: "Worker south is silent." }).getAttribute("href")).toBe("#/map");
    const opened: Alert = { id: 3, severity: "bad", at: NOW, text: "Worker east is silent." };
    act(() => useLive.setState((live) => reducers.alert(live, opened)));
    expect(texts()[0]).toBe("Worker east is silent.");
    act(() => useLive.setState((live) => reducers.alert(live, { ...alerts[0]!, until: NOW })));
    expect(texts()).toEqual([
      "Worker east is silent.",
      "The broker did not answer.",
      "Worker south is silent.",
    ]);
  });

  it("has nothing that a screen reader stumbles over", async () => {
    const { container } = render(<Overview />);
    hear({ workers: [worker], history: [sample(NOW, 1)], alerts });
    const { violations } = await axe.run(container, { rules: { region: { enabled: false } } });
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  });
});
