import { act, cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { resetLive, useLive } from "@/api/live";
import type { Element, Instance, Sample, Worker } from "@/api/types";
import { designer } from "@/testing/designer";
import { show } from "@/testing/show";
import { laidOut } from "@/ui/virtual-table.testkit";
import MapPage from ".";

const here = { latitude: 49.41, longitude: 8.69 };
const worker = {
  id: "Worker.north",
  location: here,
  capacity: 4,
  workload: 1,
  seen: 0,
  state: "ready",
} as Worker;
const instance = {
  ID: "Task.shop.count.1",
  TopologyName: "shop",
  TaskName: "count",
  ServiceIntentID: "ServiceIntent.1",
  Status: "running",
  Worker: "Worker.north",
  Inputs: [{ Type: "Panel", ID: "Panel.1" }],
} as Instance;
const panel: Element = {
  entityId: { id: "Panel.1", type: "Panel" },
  attributes: [{ name: "usage", type: "float", value: 42 }],
  domainMetadata: [{ name: "location", type: "point", value: here }],
};

beforeEach(() => {
  resetLive();
  laidOut();
  localStorage.clear();
  location.hash = "#/map";
  designer({
    "GET /info/settings": { body: {} },
    "GET /intent": { body: { "ServiceIntent.1": { id: "ServiceIntent.1", topology: "shop" } } },
    "GET /fogfunction": { body: {} },
  });
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const open = async () => {
  show(<MapPage />);
  act(() =>
    useLive.setState({
      workers: new Map([[worker.id, worker]]),
      instances: new Map([[instance.ID, instance]]),
      entities: new Map([[panel.entityId.id, panel]]),
      history: [{ types: { Panel: 1, Huge: 30_000 } } as unknown as Sample],
      watched: new Map([["Huge", { state: "refused", reason: "more than 20000 entities" }]]),
    }),
  );
  await screen.findByText("In view (3)");
};
const press = (name: RegExp | string) => fireEvent.click(screen.getByRole("button", { name }));

test("what is in view is a list that leads to the details and on", async () => {
  await open();
  press(/^Panel\.1/);
  expect(location.hash).toBe("#/map/Panel.1");
  expect(screen.getByText("42")).toBeTruthy();
  const link = screen.getByText("The entity in the context");
  expect(link.getAttribute("href")).toBe("#/context/entities/Panel?id=Panel.1");
  press(/^count\.1/);
  press("Panel.1");
  expect(screen.getByText("The entity in the context")).toBeTruthy();
});

test("a layer that is off is in no list, and is remembered", async () => {
  await open();
  const layer = () => within(screen.getByLabelText("Entity types")).getByRole("checkbox");
  fireEvent.click(layer());
  await screen.findByText("In view (2)");
  expect(localStorage.getItem("fogflow.map.hidden")).toBe('["type Panel"]');
  fireEvent.click(layer());
  await screen.findByText("In view (3)");
});

test("types that are not followed are named with the reason", async () => {
  await open();
  expect(screen.getByText("1 type is not followed")).toBeTruthy();
  expect(screen.getByText("more than 20000 entities")).toBeTruthy();
});

test("searching selects the first that has all words", async () => {
  await open();
  const box = screen.getByLabelText("Find on the map");
  fireEvent.change(box, { target: { value: "north ready" } });
  fireEvent.submit(box.closest("form")!);
  await waitFor(() => expect(location.hash).toBe("#/map/Worker.north"));
  expect(screen.getByText("1 of 4")).toBeTruthy();
});

test("an area becomes an intent once it is complete", async () => {
  await open();
  press("Draw a circle");
  expect(screen.queryByText("Make an intent for this area")).toBeNull();
  const write = (label: string, value: string) =>
    fireEvent.change(screen.getByLabelText(label), { target: { value } });
  write("Latitude of the centre", "49.4");
  write("Longitude of the centre", "8.7");
  write("Radius in metres", "5000");
  expect(screen.getByText("1 entity and 1 worker within 5 km of 49.4, 8.7.")).toBeTruthy();
  const href = screen.getByText("Make an intent for this area").getAttribute("href")!;
  const scope = new URLSearchParams(href.split("?")[1]).get("scope")!;
  expect(JSON.parse(scope)).toEqual({
    scopeType: "circle",
    scopeValue: { centerLatitude: 49.4, centerLongitude: 8.7, radius: 5000 },
  });
});
