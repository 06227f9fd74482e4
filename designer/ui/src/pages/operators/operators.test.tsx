import { act, cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { designer } from "@/testing/designer";
import { show } from "@/testing/show";
import OperatorsPage from ".";

vi.mock("@/code/CodeEditor", () => import("@/testing/PlainEditor"));

const counter = { name: "counter", description: "counts", functionCode: "old", owner: "me" };
const task = {
  name: "t",
  operator: "counter",
  input_streams: [{ selected_type: "Room" }],
  output_streams: [],
};
const lists = {
  "GET /operator": { body: { counter } },
  "GET /service": { body: { shop: { topology: { name: "shop", tasks: [task] } } } },
  "GET /fogfunction": { body: {} },
  "GET /info/type": { body: ["Room"] },
};
const room = { entityId: { id: "Room.7", type: "Room", isPattern: false }, attributes: [] };

beforeEach(() => {
  location.hash = "#/operators";
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const open = async (hash: string, title: string) => {
  location.hash = hash;
  show(<OperatorsPage />);
  await screen.findByRole("heading", { level: 1, name: title });
};
const write = (label: string, text: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value: text } });
const save = () => fireEvent.submit(document.querySelector("form")!);

test("the list says what an operator runs as and who uses it", async () => {
  designer(lists);
  await open("#/operators", "Operators");
  const row = (await screen.findByRole("link", { name: "counter" })).closest("tr")!;
  expect(within(row).getByText("Function")).toBeTruthy();
  expect((await within(row).findByRole("link", { name: "shop" })).getAttribute("href")).toBe(
    "#/topologies/shop",
  );
});

test("the search finds operators by who uses them", async () => {
  designer({ ...lists, "GET /operator": { body: { counter, other: { name: "other" } } } });
  await open("#/operators", "Operators");
  await screen.findByRole("link", { name: "shop" });
  write("Search", "SHOP");
  expect(screen.queryByRole("link", { name: "other" })).toBeNull();
  expect(screen.getByRole("link", { name: "counter" })).toBeTruthy();
  write("Search", "nothing");
  expect(screen.getByText(/No operator has nothing/)).toBeTruthy();
});

test("without operators it says what to do next", async () => {
  designer({ ...lists, "GET /operator": { body: {} } });
  await open("#/operators", "Operators");
  expect(await screen.findByRole("link", { name: "Write the first one" })).toBeTruthy();
});

test("what is missing is said at the field, and nothing is sent", async () => {
  const { of } = designer(lists);
  await open("#/operators?new", "New operator");
  fireEvent.click(screen.getByRole("button", { name: "Add an image" }));
  save();
  expect(screen.getByLabelText("Name").getAttribute("aria-invalid")).toBe("true");
  expect(screen.getByLabelText("Image").getAttribute("aria-invalid")).toBe("true");
  expect(screen.getByText("2 fields need attention.")).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByLabelText("Name"));
  write("Name", "thing");
  expect(screen.getByLabelText("Name").getAttribute("aria-invalid")).toBe("false");
  expect(screen.getByText("One field needs attention.")).toBeTruthy();
  expect(of("POST", "/operator")).toEqual([]);
});

test("a refusal of the designer is said at the field that it names", async () => {
  const refusal = { error: "must not be empty", field: "[0].dockerimages[0].name" };
  designer({ ...lists, "POST /operator": { status: 400, body: refusal } });
  await open("#/operators?new", "New operator");
  write("Name", "thing");
  fireEvent.click(screen.getByRole("button", { name: "Add an image" }));
  write("Image", "a");
  save();
  await waitFor(() => expect(screen.getByLabelText("Image").getAttribute("aria-invalid")).toBe("true"));
  expect(screen.getByText("dockerimages[0].name must not be empty.")).toBeTruthy();
  write("Image", "b");
  expect(screen.queryByText("dockerimages[0].name must not be empty.")).toBeNull();
});

test("a change is sent with the members that the form does not know", async () => {
  const { of } = designer({ ...lists, "POST /operator": { body: "ok" } });
  await open("#/operators/counter?edit", "Change counter");
  write("Description", "counts more");
  write("Memory (MiB)", "64");
  save();
  await waitFor(() => expect(location.hash).toBe("#/operators/counter"));
  expect(of("POST", "/operator")[0]?.body).toEqual([
    {
      ...counter,
      description: "counts more",
      dockerimages: [],
      parameters: [{ name: "memory_mb", value: "64" }],
    },
  ]);
});

test("deleting an operator in use is refused in the designer's words", async () => {
  const error = "operator `counter` is used by topology `shop`";
  const { of } = designer({ ...lists, "DELETE /operator/counter": { status: 409, body: { error } } });
  await open("#/operators", "Operators");
  fireEvent.click(await screen.findByRole("button", { name: "Delete counter" }));
  const dialog = await screen.findByRole("dialog");
  expect(await within(dialog).findByRole("link", { name: "shop" })).toBeTruthy();
  fireEvent.click(within(dialog).getByRole("button", { name: "Delete" }));
  expect(await within(dialog).findByText(error)).toBeTruthy();
  expect(of("DELETE", "/operator/counter")).toHaveLength(1);
});

test("a try-out takes an entity as it stands and shows what was published", async () => {
  const published = [
    { entityId: { id: "Result.try", type: "Result" }, attributes: [{ name: "n", value: 42 }] },
  ];
  const { of } = designer({
    ...lists,
    "GET /info/entity?type=Room&limit=1": { body: { total: 1, entities: [room] } },
    "POST /tryout": {
      body: { published, queries: [{ q: 1 }], subscriptions: [], log: ["hello"], took_ms: 3 },
    },
  });
  await open("#/operators/counter", "counter");
  const sample = screen.getByLabelText<HTMLTextAreaElement>("Entity as JSON");
  await waitFor(() => expect(sample.value).toContain("Room.7"));
  fireEvent.click(screen.getByRole("button", { name: "Run" }));
  const result = await screen.findByRole("status", { name: "Result" });
  expect(within(result).getByText("Result.try")).toBeTruthy();
  expect(within(result).getByText("42")).toBeTruthy();
  expect(within(result).getByText("hello")).toBeTruthy();
  expect(within(result).getByText("Queries (1)")).toBeTruthy();
  expect(within(result).getByText(/It took 3 ms/)).toBeTruthy();
  expect(of("POST", "/tryout")[0]?.body).toEqual({
    code: "old",
    entity: room,
    outputs: [{ id: "Result.try", type: "Result" }],
    parameters: [],
  });
});

test("a try-out has the limits that are in the form", async () => {
  const { of } = designer({ ...lists, "POST /tryout": { body: { log: [] } } });
  await open("#/operators/counter?edit", "Change counter");
  write("Memory (MiB)", "64");
  write("Longest call (ms)", "50");
  write("Site", "shop-7");
  fireEvent.click(screen.getByRole("button", { name: "Run" }));
  await waitFor(() =>
    expect(of("POST", "/tryout")[0]?.body).toMatchObject({
      parameters: [
        { name: "memory_mb", value: "64" },
        { name: "timeout_ms", value: "50" },
      ],
    }),
  );
});

test("an error is marked at its line until the code changes", async () => {
  const error = { message: "x is not defined", line: 2, column: 5 };
  designer({ ...lists, "POST /tryout": { body: { error, log: [] } } });
  await open("#/operators/counter?edit", "Change counter");
  fireEvent.click(screen.getByRole("button", { name: "Run" }));
  expect(await screen.findByText("mark 2: x is not defined")).toBeTruthy();
  expect(screen.getByText(/Line 2, column 5: x is not defined/)).toBeTruthy();
  write("Function code", "new");
  expect(screen.queryByText("mark 2: x is not defined")).toBeNull();
  expect(screen.getByText(/has changed since/)).toBeTruthy();
});

test("a sample that is no entity is not sent, and why there is no result is said", async () => {
  const error = "there is no worker with the function engine";
  const { of } = designer({ ...lists, "POST /tryout": { status: 503, body: { error } } });
  await open("#/operators/counter", "counter");
  write("Entity as JSON", "{}");
  fireEvent.click(screen.getByRole("button", { name: "Run" }));
  expect(screen.getByText("entityId must be an object with id and type.")).toBeTruthy();
  expect(of("POST", "/tryout")).toEqual([]);
  write("Entity as JSON", JSON.stringify(room));
  fireEvent.click(screen.getByRole("button", { name: "Run" }));
  expect(await screen.findByText(error)).toBeTruthy();
});

test("a file is checked and then imported, saying what it replaces", async () => {
  const { of } = designer({ ...lists, "POST /operator": { body: "ok" } });
  await open("#/operators", "Operators");
  fireEvent.click(await screen.findByRole("button", { name: "Import" }));
  const choose = (text: string) =>
    fireEvent.change(screen.getByLabelText("File"), { target: { files: [new File([text], "a.json")] } });
  choose('{"name": 1}');
  expect(await screen.findByText("name must be text.")).toBeTruthy();
  choose(JSON.stringify([counter]));
  fireEvent.click(await screen.findByRole("button", { name: "Import and replace" }));
  await waitFor(() => expect(of("POST", "/operator")[0]?.body).toEqual([counter]));
});

test.each([
  ["leads back to all", undefined, "#/operators"],
  ["does not call back whoever has gone elsewhere", "#/devices", "#/devices"],
])("deleting %s", async (_, gone, shown) => {
  const answer = () => {
    if (gone) location.hash = gone;
    return { body: "ok" };
  };
  designer({ ...lists, "DELETE /operator/counter": answer });
  await open("#/operators/counter", "counter");
  fireEvent.click(screen.getByRole("button", { name: "Delete" }));
  fireEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Delete" }));
  await screen.findByText("Operator counter is deleted.");
  expect(location.hash).toBe(shown);
});

test("what was deleted elsewhere stays open in its form, and is made anew", async () => {
  const answers = { ...lists, "POST /operator": { body: "ok" } };
  const { of } = designer(answers);
  location.hash = "#/operators/counter?edit";
  const { client } = show(<OperatorsPage />);
  await screen.findByRole("heading", { level: 1, name: "Change counter" });
  write("Description", "mine");
  answers["GET /operator"] = { body: {} as (typeof answers)["GET /operator"]["body"] };
  await act(() => client.refetchQueries({ queryKey: ["operator"] }));
  expect(await screen.findByText(/It was deleted elsewhere/)).toBeTruthy();
  save();
  await waitFor(() => expect(of("POST", "/operator")).toHaveLength(1));
});
