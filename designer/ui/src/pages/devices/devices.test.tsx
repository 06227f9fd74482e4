import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { forgetSimulation, useSimulations } from "@/devices/simulator";
import { answers, entity, faults, follow, forgetAll, hear, refusal, show, updated } from "@/testing/system";
import DevicesPage from ".";

vi.mock("@/map/PlacePicker", () => ({ PlacePicker: () => null }));
vi.mock("@/map/PlaceMap", () => ({ default: () => null }));

afterEach(() => {
  forgetSimulation("cam-1");
  cleanup();
  forgetAll();
});

const cam = { id: "cam-1", type: "Cam", attributes: [{ name: "people", type: "integer", value: 3 }] };

test("a device is added by form; what the service refuses is marked", async () => {
  let stored: Record<string, unknown> = {};
  const asked = answers({
    "GET /device": () => stored,
    "POST /device": ({ body }: { body: unknown }) => {
      if ((body as { type: string }).type === "no") return refusal(400, "must not be so", "type");
      stored = { "cam-1": body };
      return { id: "cam-1" };
    },
  });
  show(<DevicesPage />, "#/devices");
  expect(await screen.findByText("No devices yet.")).toBeTruthy();
  await userEvent.click(screen.getAllByRole("button", { name: "New device" })[0]!);
  const dialog = screen.getByRole("dialog");
  await userEvent.click(within(dialog).getByRole("button", { name: "Add device" }));
  expect(within(dialog).getByText("Give it an identifier.")).toBeTruthy();
  await userEvent.type(within(dialog).getByLabelText("Identifier"), "cam-1");
  const [type] = within(dialog).getAllByLabelText("Type");
  await userEvent.type(type!, "no");
  await userEvent.type(within(dialog).getByLabelText("Name"), "people");
  await userEvent.type(within(dialog).getByLabelText("Value"), "3");
  expect(await faults()).toEqual([]);
  await userEvent.click(within(dialog).getByRole("button", { name: "Add device" }));
  expect(await within(dialog).findByText("must not be so")).toBeTruthy();
  await userEvent.clear(type!);
  await userEvent.type(type!, "Cam");
  await userEvent.click(within(dialog).getByRole("button", { name: "Add device" }));
  expect(await screen.findByRole("link", { name: "cam-1" })).toBeTruthy();
  expect(asked.filter(({ method }) => method === "POST").at(-1)?.body).toMatchObject({
    id: "cam-1",
    type: "Cam",
    attributes: [{ name: "people", type: "float", value: 3 }],
  });
});

test("a device shows what its entity says, and is simulated until stopped", async () => {
  answers({ "GET /device": { "cam-1": cam }, "POST /ngsi10/updateContext": updated });
  show(<DevicesPage />, "#/devices");
  hear({ Cam: 1 });
  follow("Cam", entity("cam-1", "Cam", { people: 17 }));
  expect(await screen.findByText("17")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Simulate cam-1" }));
  const dialog = screen.getByRole("dialog");
  const interval = within(dialog).getByLabelText("Every, in seconds");
  await userEvent.clear(interval);
  await userEvent.type(interval, "0.1");
  expect(within(dialog).getByText("Between 0.2 and 60 seconds.")).toBeTruthy();
  expect(within(dialog).getByRole("button", { name: "Start" })).toHaveProperty("disabled", true);
  await userEvent.type(interval, "{Backspace}3");
  expect(await faults()).toEqual([]);
  await userEvent.click(within(dialog).getByRole("button", { name: "Start" }));
  expect(await screen.findByText(/This tab is simulating 1 device/)).toBeTruthy();
  await waitFor(() => expect(screen.getByText(/[1-9] sent, 0 failed/)).toBeTruthy());
  await userEvent.click(screen.getByRole("button", { name: "Stop simulating cam-1" }));
  expect(screen.queryByText(/This tab is simulating/)).toBeNull();
  expect(await faults()).toEqual([]);
});

test("a device is deleted after a question, and no longer simulated", async () => {
  let stored: Record<string, unknown> = { "cam-1": cam };
  answers({
    "GET /device": () => stored,
    "POST /ngsi10/updateContext": updated,
    "DELETE /device/cam-1": () => {
      stored = {};
      return "ok";
    },
  });
  show(<DevicesPage />, "#/devices");
  await userEvent.click(await screen.findByRole("button", { name: "Simulate cam-1" }));
  await userEvent.click(screen.getByRole("button", { name: "Start" }));
  await userEvent.click(screen.getByRole("button", { name: "Delete cam-1" }));
  await userEvent.click(screen.getByRole("button", { name: "Delete device" }));
  expect(await screen.findByText("No devices yet.")).toBeTruthy();
  expect(useSimulations.getState().all.size).toBe(0);
});
