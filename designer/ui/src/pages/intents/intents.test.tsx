import { act, cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { resetLive, useLive } from "@/api/live";
import type { Instance } from "@/api/types";
import { designer } from "@/testing/designer";
import { show } from "@/testing/show";
import { laidOut } from "@/ui/virtual-table.testkit";
import IntentsPage from ".";

const stream = { selected_type: "Panel", selected_attributes: ["all"], groupby: "EntityID", scoped: true };
const task = {
  name: "count",
  operator: "counter",
  input_streams: [stream],
  output_streams: [{ entity_type: "Sum" }],
};
const shop = { topology: { name: "shop", tasks: [task] } };
const circle = {
  scopeType: "circle",
  scopeValue: { centerLatitude: 49.4, centerLongitude: 8.7, radius: 500 },
};
const wanted = {
  id: "ServiceIntent.1",
  topology: "shop",
  stype: "ASYN",
  qos: "Max Throughput",
  priority: { exclusive: true, level: 50 },
  geoscope: circle,
};
const lists = {
  "GET /operator": { body: { counter: { name: "counter", parameters: [{ name: "step", value: "1" }] } } },
  "GET /service": { body: { shop } },
  "GET /intent": { body: { [wanted.id]: wanted } },
  "GET /info/settings": { body: {} },
};

beforeEach(() => {
  resetLive();
  laidOut();
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const open = async (hash: string, title: string) => {
  location.hash = hash;
  show(<IntentsPage />);
  await screen.findByRole("heading", { level: 1, name: title });
};
const write = (label: string, text: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value: text } });
const submit = () => fireEvent.submit(document.querySelector("form")!);
const running = (count: number) =>
  act(() => {
    const instances = Array.from({ length: count }, (_, at) => ({
      ID: `Task.${at}`,
      ServiceIntentID: wanted.id,
      Status: "running",
    })) as Instance[];
    useLive.setState({ instances: new Map(instances.map((one) => [one.ID, one])) });
  });

test("the list says what is wanted where, and how it stands", async () => {
  designer(lists);
  await open("#/intents", "Intents");
  expect(await screen.findByText("within 500 m of 49.4, 8.7")).toBeTruthy();
  expect(screen.getByText("exclusive")).toBeTruthy();
  expect(screen.getByText("Max throughput")).toBeTruthy();
  expect(screen.getByText("waits for its inputs")).toBeTruthy();
  running(2);
  expect(screen.getByText("2 running")).toBeTruthy();
});

test("without intents it says what to do next", async () => {
  designer({ ...lists, "GET /intent": { body: {} }, "GET /service": { body: {} } });
  await open("#/intents", "Intents");
  expect((await screen.findByText("Draw a topology first")).getAttribute("href")).toBe("#/topologies");
});

test("deleting says how many instances end", async () => {
  const { of } = designer({ ...lists, "DELETE /intent/ServiceIntent.1": { body: "ok" } });
  await open("#/intents", "Intents");
  running(3);
  fireEvent.click(await screen.findByRole("button", { name: "Delete the intent ServiceIntent.1" }));
  const dialog = screen.getByRole("dialog");
  expect(dialog.textContent).toContain("3 task instances end");
  fireEvent.click(within(dialog).getByRole("button", { name: "Delete" }));
  await waitFor(() => expect(of("DELETE", "/intent/ServiceIntent.1")).toHaveLength(1));
});

test("an intent is made of what the address and the fields say", async () => {
  const { of } = designer({ ...lists, "POST /intent": { body: { id: "ServiceIntent.2" } } });
  await open(`#/intents?topology=shop&scope=${encodeURIComponent(JSON.stringify(circle))}`, "New intent");
  expect(((await screen.findByLabelText("Topology")) as HTMLSelectElement).value).toBe("shop");
  expect((screen.getByLabelText("Radius in metres") as HTMLInputElement).value).toBe("500");
  write("Priority level", "100");
  fireEvent.click(screen.getByLabelText("Exclusive"));
  write("Quality of service", "Min Latency");
  write("Service type", "SYN");
  fireEvent.click(screen.getByRole("button", { name: "Add a parameter" }));
  write("Name 1", "step");
  write("Value 1", "2");
  submit();
  await waitFor(() => expect(location.hash).toBe("#/running/ServiceIntent.2"));
  expect(of("POST", "/intent")[0]!.body).toEqual({
    topology: "shop",
    stype: "SYN",
    qos: "Min Latency",
    priority: { exclusive: true, level: 100 },
    geoscope: circle,
    parameters: [{ name: "step", value: "2" }],
  });
});

test("whoever has gone elsewhere when the answer comes stays there", async () => {
  const answer = () => {
    location.hash = "#/devices";
    return { body: { id: "ServiceIntent.2" } };
  };
  designer({ ...lists, "POST /intent": answer });
  await open("#/intents?topology=shop", "New intent");
  await screen.findByLabelText("Topology");
  submit();
  await screen.findByText("The intent of shop is submitted.");
  expect(location.hash).toBe("#/devices");
});

test("what is wrong is said at its field before anything is sent", async () => {
  const { of } = designer(lists);
  await open("#/intents/new", "New intent");
  fireEvent.click(await screen.findByRole("button", { name: "Circle" }));
  fireEvent.click(screen.getByRole("button", { name: "Add a parameter" }));
  submit();
  expect(screen.getByLabelText("Name 1").getAttribute("aria-invalid")).toBe("true");
  expect(of("POST", "/intent")).toEqual([]);
});

test("what the service refuses is said at the field it names", async () => {
  designer({
    ...lists,
    "POST /intent": { status: 400, body: { error: "is not what it should be", field: "priority.level" } },
  });
  await open("#/intents/ServiceIntent.1", "Intent of shop");
  await screen.findByLabelText("Topology");
  submit();
  const field = screen.getByLabelText("Priority level");
  await waitFor(() => expect(field.getAttribute("aria-invalid")).toBe("true"));
  expect(screen.getByText("is not what it should be")).toBeTruthy();
  write("Priority level", "51");
  expect(field.getAttribute("aria-invalid")).toBe("false");
});

test("a refusal of the area is said in its fields, one of nothing in particular above the button", async () => {
  const radius = { error: "must be a number of metres", field: "geoscope.scopeValue.radius" };
  designer({ ...lists, "POST /intent": { status: 400, body: radius } });
  await open("#/intents/ServiceIntent.1", "Intent of shop");
  await screen.findByLabelText("Topology");
  submit();
  await waitFor(() =>
    expect(screen.getByLabelText("Radius in metres").getAttribute("aria-invalid")).toBe("true"),
  );
  designer({ ...lists, "POST /intent": { status: 503, body: { error: "the change could not be stored" } } });
  submit();
  expect(await screen.findByText("the change could not be stored")).toBeTruthy();
});

test("an unknown intent leads back to all", async () => {
  designer(lists);
  location.hash = "#/intents/ServiceIntent.9";
  show(<IntentsPage />);
  expect(await screen.findByText("There is no such intent.")).toBeTruthy();
});

test("what others do to an open intent is said, and the form stays", async () => {
  const answers = { ...lists, "POST /intent": { body: { id: wanted.id } } };
  const { of } = designer(answers);
  location.hash = "#/intents/ServiceIntent.1";
  const { client } = show(<IntentsPage />);
  await screen.findByLabelText("Topology");
  write("Priority level", "9");
  const others = async (intents: object) => {
    answers["GET /intent"] = { body: intents as (typeof lists)["GET /intent"]["body"] };
    await act(() => client.refetchQueries({ queryKey: ["intent"] }));
  };
  await others({ [wanted.id]: { ...wanted, qos: "Min Cost" } });
  expect(await screen.findByText(/It was changed elsewhere/)).toBeTruthy();
  await others({});
  expect(await screen.findByText(/It was deleted elsewhere/)).toBeTruthy();
  submit();
  await waitFor(() => expect(of("POST", "/intent")).toHaveLength(1));
  expect(of("POST", "/intent")[0]!.body).toMatchObject({ id: wanted.id, priority: { level: 9 } });
});

test("an intent that is changed here is deleted without being asked twice", async () => {
  const answers = { ...lists, "DELETE /intent/ServiceIntent.1": { body: "ok" } };
  designer(answers);
  await open("#/intents/ServiceIntent.1", "Intent of shop");
  await screen.findByLabelText("Topology");
  write("Priority level", "9");
  fireEvent.click(screen.getByRole("button", { name: "Delete" }));
  answers["GET /intent"] = { body: {} as (typeof lists)["GET /intent"]["body"] };
  fireEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Delete" }));
  await waitFor(() => expect(location.hash).toBe("#/intents"));
  expect(screen.queryByText("Leave without saving?")).toBeNull();
});
