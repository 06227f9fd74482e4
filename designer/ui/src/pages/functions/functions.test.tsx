import { act, cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { resetLive, useLive } from "@/api/live";
import type { Instance } from "@/api/types";
import { designer } from "@/testing/designer";
import { show } from "@/testing/show";
import FunctionsPage from ".";

vi.mock("@/code/CodeEditor", () => import("@/testing/PlainEditor"));

const input = { selected_type: "Room", selected_attributes: ["all"], groupby: "shop", scoped: false };
const tasks = [
  { name: "main", operator: "alarm", input_streams: [input], output_streams: [{ entity_type: "Alarm" }] },
];
const alarm = {
  name: "alarm",
  topology: { name: "alarm", tasks },
  intent: {
    id: "ServiceIntent.1",
    topology: "alarm",
    geoscope: { scopeType: "global", scopeValue: "global" },
  },
  designboard: { blocks: [1] },
  status: "enabled",
};
const lists = {
  "GET /operator": { body: { counter: { name: "counter" }, alarm: { name: "alarm" } } },
  "GET /service": { body: {} },
  "GET /fogfunction": { body: { alarm } },
  "GET /info/type": { body: ["Room"] },
};

beforeEach(resetLive);
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const open = async (hash: string, title: string) => {
  location.hash = hash;
  show(<FunctionsPage />);
  await screen.findByRole("heading", { level: 1, name: title });
};
const write = (label: string, text: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value: text } });
const save = () => fireEvent.submit(document.querySelector("form")!);
const fillIn = (name: string) => {
  write("Name", name);
  write("Entities of type", "Room");
  write("Output type", "Alarm");
};

test("the list says what each reads and what runs of it", async () => {
  designer(lists);
  await open("#/functions", "Fog functions");
  const row = (await screen.findByRole("switch")).closest("tr")!;
  expect(within(row).getByText("one instance for each shop")).toBeTruthy();
  const instance = { ID: "Task.1", ServiceIntentID: "ServiceIntent.1", Status: "running" } as Instance;
  act(() => useLive.setState({ instances: new Map([["Task.1", instance]]) }));
  expect(within(row).getByText("1 running")).toBeTruthy();
});

test("the switch disables at once", async () => {
  const { of } = designer({
    ...lists,
    "GET /fogfunction/alarm/disable": { body: { ...alarm, status: "disabled" } },
  });
  await open("#/functions", "Fog functions");
  const toggle = await screen.findByRole("switch", { name: "alarm is enabled" });
  expect(toggle.getAttribute("aria-checked")).toBe("true");
  toggle.focus();
  fireEvent.click(toggle);
  expect(document.activeElement).toBe(toggle);
  await waitFor(() => expect(of("POST", "/fogfunction/alarm/disable")).toHaveLength(1));
});

test("what is missing is said at the field", async () => {
  const { of } = designer(lists);
  await open("#/functions?new", "New fog function");
  write("Name", "alarm");
  save();
  const wrong = [...document.querySelectorAll("[aria-invalid='true']")].map(
    (field) => (field as HTMLInputElement).value,
  );
  expect(wrong).toEqual(["alarm", ""]);
  expect(screen.getByText("is the name of another fog function")).toBeTruthy();
  expect(of("POST", "/fogfunction")).toEqual([]);
});

test("code written in the form becomes an operator first", async () => {
  const { sent } = designer({
    ...lists,
    "POST /operator": { body: "ok" },
    "POST /fogfunction": { body: "ok" },
  });
  await open("#/functions?new", "New fog function");
  fillIn("heat");
  write("Function code", "exports.handler = () => {}");
  save();
  await waitFor(() => expect(location.hash).toBe("#/functions/heat"));
  const posts = sent.filter(({ method }) => method === "POST");
  expect(posts.map(({ path }) => path)).toEqual(["/operator", "/fogfunction"]);
  expect(posts[0]?.body).toMatchObject([{ name: "heat", functionCode: "exports.handler = () => {}" }]);
  expect(posts[1]?.body).toMatchObject([
    {
      name: "heat",
      status: "enabled",
      intent: { topology: "heat", geoscope: { scopeType: "global" } },
      topology: { tasks: [{ operator: "heat", input_streams: [{ selected_type: "Room" }] }] },
    },
  ]);
});

test("an operator whose function is refused is taken back, and the field is marked", async () => {
  const refusal = { error: "must be shorter", field: "[0].topology.tasks[0].output_streams[0].entity_type" };
  const { of } = designer({
    ...lists,
    "POST /operator": { body: "ok" },
    "POST /fogfunction": { status: 400, body: refusal },
    "DELETE /operator/heat": { body: "ok" },
  });
  await open("#/functions?new", "New fog function");
  fillIn("heat");
  save();
  await waitFor(() => expect(screen.getByLabelText("Output type").getAttribute("aria-invalid")).toBe("true"));
  expect(of("DELETE", "/operator/heat")).toHaveLength(1);
});

test("a change keeps the intent's id and the drawing", async () => {
  const { of } = designer({ ...lists, "POST /fogfunction": { body: "ok" } });
  await open("#/functions/alarm?edit", "Change alarm");
  write("Level", "5");
  save();
  await waitFor(() => expect(of("POST", "/fogfunction")).toHaveLength(1));
  expect(of("POST", "/fogfunction")[0]?.body).toMatchObject([
    { intent: { id: "ServiceIntent.1", priority: { level: 5 } }, designboard: { blocks: [1] } },
  ]);
});

test("deleting takes the operator along that only it uses", async () => {
  const { of } = designer({
    ...lists,
    "DELETE /fogfunction/alarm": { body: "ok" },
    "DELETE /operator/alarm": { body: "ok" },
  });
  await open("#/functions", "Fog functions");
  fireEvent.click(await screen.findByRole("button", { name: "Delete alarm" }));
  const dialog = await screen.findByRole("dialog");
  expect(await within(dialog).findByLabelText("Delete the operator alarm too")).toBeTruthy();
  fireEvent.click(within(dialog).getByRole("button", { name: "Delete" }));
  await waitFor(() => expect(of("DELETE", "/operator/alarm")).toHaveLength(1));
  expect(of("DELETE", "/fogfunction/alarm")).toHaveLength(1);
});

test("what was deleted elsewhere stays open in its form, and is made anew", async () => {
  const answers = { ...lists, "POST /fogfunction": { body: "ok" } };
  const { of } = designer(answers);
  location.hash = "#/functions/alarm?edit";
  const { client } = show(<FunctionsPage />);
  await screen.findByRole("heading", { level: 1, name: "Change alarm" });
  write("Description", "mine");
  answers["GET /fogfunction"] = { body: {} as (typeof answers)["GET /fogfunction"]["body"] };
  await act(() => client.refetchQueries({ queryKey: ["fogfunction"] }));
  expect(await screen.findByText(/It was deleted elsewhere/)).toBeTruthy();
  save();
  await waitFor(() => expect(of("POST", "/fogfunction")).toHaveLength(1));
});
