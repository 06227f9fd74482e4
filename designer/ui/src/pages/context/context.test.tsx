import { act, cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { reducers, useLive } from "@/api/live";
import type { SubscriptionInfo } from "@/api/types";
import {
  answers,
  entity,
  faults,
  follow,
  forgetAll,
  hear,
  NOW,
  refusal,
  show,
  updated,
} from "@/testing/system";
import { laidOut } from "@/ui/virtual-table.testkit";
import ContextPage from ".";
import { rememberedColumns } from "./columns";

vi.mock("@/map/PlacePicker", () => ({ PlacePicker: () => null }));
vi.mock("@/map/PlaceMap", () => ({ default: () => null }));

beforeEach(laidOut);
afterEach(() => {
  cleanup();
  forgetAll();
});

const panels = [
  entity("panel-1", "Panel", { usage: 30, shop: "castle" }),
  entity("panel-2", "Panel", { usage: 9, shop: "harbour" }),
  entity("panel-10", "Panel", { usage: 70, shop: "castle" }),
];
const provided = {
  contextRegistrationResponses: [
    {
      contextRegistration: {
        entities: [{ id: "panel-1", type: "Panel" }],
        providingApplication: "http://north:8070/ngsi10",
      },
    },
  ],
};
const routes = {
  "POST /ngsi10/queryContext": { contextResponses: [] },
  "POST /ngsi9/discoverContextAvailability": provided,
  "POST /ngsi10/updateContext": updated,
};
const ids = () => screen.getAllByRole("link", { name: /^panel-/ }).map((link) => link.textContent);

describe("entities", () => {
  test("are listed by type, ordered by a press on a column, and change while one looks", async () => {
    answers(routes);
    show(<ContextPage />, "#/context/entities/Panel");
    hear({ Panel: 3, Other: 12_345 });
    follow("Panel", ...panels);
    expect(await screen.findByText("3 entities")).toBeTruthy();
    expect(screen.getByRole("link", { name: /Other/ }).textContent).toContain("12");
    expect(ids()).toEqual(["panel-1", "panel-2", "panel-10"]);
    await userEvent.click(screen.getByRole("button", { name: "usage" }));
    expect(ids()).toEqual(["panel-2", "panel-1", "panel-10"]);
    follow("Panel", entity("panel-2", "Panel", { usage: 99, shop: "harbour" }));
    await waitFor(() => expect(ids()).toEqual(["panel-1", "panel-10", "panel-2"]));
    expect(screen.getByText("99").className).toContain("changed");
    expect(await faults()).toEqual([]);
  });

  test("may be old while a broker does not answer, which the page says", () => {
    answers(routes);
    show(<ContextPage />, "#/context/entities/Panel");
    hear({ Panel: 1 });
    expect(screen.queryByText(/not answer/)).toBeNull();
    hear(
      { Panel: 1 },
      { brokers: [{ id: "Broker.north", url: "http://north", state: "silent", seen: NOW }] },
    );
    expect(screen.getByText(/The broker of north does not answer/)).toBeTruthy();
  });

  test("are found by a value, and by a filter on an attribute", async () => {
    answers(routes);
    show(<ContextPage />, "#/context/entities/Panel");
    hear({ Panel: 3 });
    follow("Panel", ...panels);
    await userEvent.type(await screen.findByLabelText("Search"), "castle");
    expect(await screen.findByText("2 of 3 entities")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Filter" }));
    await userEvent.selectOptions(screen.getByLabelText("Attribute"), "usage");
    await userEvent.selectOptions(screen.getByLabelText("Is"), ">");
    await userEvent.type(screen.getByLabelText("Value"), "50");
    await waitFor(() => expect(ids()).toEqual(["panel-10"]));
    await userEvent.click(screen.getByRole("checkbox", { name: "shop" }));
    expect(screen.queryByRole("columnheader", { name: "shop" })).toBeNull();
    expect(rememberedColumns("Panel")).toEqual(["usage"]);
  });

  test("one is changed, and a refusal inside an answer 200 is shown in place", async () => {
    const asked = answers({
      ...routes,
      "POST /ngsi10/updateContext": {
        contextResponses: [
          { statusCode: { code: 413, reasonPhrase: "Too Large", details: "too many attributes" } },
        ],
      },
    });
    show(<ContextPage />, "#/context/entities/Panel?id=panel-1");
    hear({ Panel: 3 });
    follow("Panel", ...panels);
    const detail = await screen.findByRole("complementary", { name: "panel-1" });
    expect(await within(detail).findByText("north")).toBeTruthy();
    await userEvent.click(within(detail).getByRole("button", { name: "Edit usage" }));
    const dialog = screen.getByRole("dialog");
    await userEvent.clear(within(dialog).getByLabelText("Value"));
    await userEvent.type(within(dialog).getByLabelText("Value"), "31.5");
    await userEvent.click(within(dialog).getByRole("button", { name: "Save" }));
    expect(await within(dialog).findByText("too many attributes")).toBeTruthy();
    expect(asked.find(({ path }) => path === "/ngsi10/updateContext")?.body).toMatchObject({
      updateAction: "UPDATE",
      contextElements: [{ attributes: [{ name: "usage", type: "float", value: 31.5 }] }],
    });
    expect(await faults()).toEqual([]);
  });

  test("one is deleted after a question", async () => {
    const asked = answers({ ...routes, "DELETE /ngsi10/entity/panel-1": { code: 200 } });
    show(<ContextPage />, "#/context/entities/Panel?id=panel-1");
    hear({ Panel: 3 });
    follow("Panel", ...panels);
    await userEvent.click(await screen.findByRole("button", { name: "Delete entity" }));
    expect(asked.some(({ method }) => method === "DELETE")).toBe(false);
    const dialog = screen.getByRole("dialog");
    await userEvent.click(within(dialog).getByRole("button", { name: "Delete entity" }));
    await waitFor(() => expect(location.hash).toBe("#/context/entities/Panel"));
    expect(asked.some(({ method }) => method === "DELETE")).toBe(true);
  });

  test("a type that is refused is read page by page", async () => {
    const asked = answers({ ...routes, "GET /info/entity": { total: 25_000, entities: panels } });
    show(<ContextPage />, "#/context/entities/Panel");
    hear({ Panel: 25_000 });
    const refused = { type: "Panel", state: "refused", reason: "Panel has 25000 entities." } as const;
    act(() => useLive.setState((live) => reducers.watch(live, refused)));
    expect(await screen.findByText("1–100 of 25K")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Next" }));
    expect(await screen.findByText("101–200 of 25K")).toBeTruthy();
    const paths = asked.map(({ path }) => path).filter((path) => path.startsWith("/info/entity?"));
    expect(paths).toEqual([
      "/info/entity?type=Panel&limit=100&offset=0",
      "/info/entity?type=Panel&limit=100&offset=100",
    ]);
  });

  test("an empty system says what to do", async () => {
    answers(routes);
    show(<ContextPage />, "#/context");
    hear({});
    expect((await screen.findByRole("link", { name: "Go to devices" })).getAttribute("href")).toBe(
      "#/devices",
    );
  });

  test("a link by identifier finds the type", async () => {
    answers({
      ...routes,
      "POST /ngsi10/queryContext": {
        contextResponses: [{ contextElement: panels[0], statusCode: { code: 200 } }],
      },
    });
    show(<ContextPage />, "#/context/entities?id=panel-1");
    await waitFor(() => expect(location.hash).toBe("#/context/entities/Panel?id=panel-1"));
  });
});

const subscription = (id: string, change: Partial<SubscriptionInfo>): SubscriptionInfo => ({
  id,
  broker: "Broker.north",
  request: { entities: [{ id: "", type: "Panel" }], reference: `http://${id}` },
  status: "active",
  timesSent: 3,
  failsCounter: 0,
  queued: 0,
  ...change,
});

describe("subscriptions", () => {
  const all = [
    subscription("one", { correlator: "Task.a.b.1" }),
    subscription("two", {
      status: "failing",
      failsCounter: 4,
      lastFailure: "2026-01-01T00:00:00Z",
      lastFailureReason: "refused",
    }),
    subscription("far", { broker: "Broker.south" }),
  ];

  test("the designer's own is deleted there, and one of another broker not at all", async () => {
    const asked = answers({
      "GET /info/subscription": all,
      "GET /subscription": { two: {} },
      "DELETE /subscription/two": "ok",
    });
    show(<ContextPage />, "#/context/subscriptions");
    hear({});
    expect(await screen.findByText("3 subscriptions")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Task.a.b.1" })).toBeTruthy();
    expect(screen.getAllByRole("button", { name: /^Delete/ })).toHaveLength(2);
    await userEvent.click(screen.getByLabelText("Failing only (1)"));
    expect(screen.getByText(/4 in a row: refused/)).toBeTruthy();
    expect(await faults()).toEqual([]);
    await userEvent.click(screen.getByRole("button", { name: /^Delete/ }));
    await userEvent.click(screen.getByRole("button", { name: "Delete subscription" }));
    await waitFor(() => expect(asked.some(({ method }) => method === "DELETE")).toBe(true));
    expect(asked.find(({ method }) => method === "DELETE")?.path).toBe("/subscription/two");
  });

  test("a refusal marks the field it means", async () => {
    answers({
      "GET /info/subscription": [],
      "GET /subscription": {},
      "POST /subscription": () => refusal(400, "must be a URL such as http://host:port", "reference_url"),
    });
    show(<ContextPage />, "#/context/subscriptions");
    hear({});
    await userEvent.click(screen.getByRole("button", { name: "New subscription" }));
    await userEvent.click(screen.getByRole("button", { name: "Subscribe" }));
    expect(await screen.findByText("must be a URL such as http://host:port")).toBeTruthy();
    expect(screen.getByLabelText("Address of the receiver").getAttribute("aria-invalid")).toBe("true");
  });
});

test("registrations say which broker provides an entity", async () => {
  const asked = answers(routes);
  show(<ContextPage />, "#/context/registrations");
  hear({ Panel: 1, Huge: 9_000 });
  expect(await screen.findByRole("button", { name: "Count by broker" })).toBeTruthy();
  await userEvent.type(screen.getByLabelText("Identifier"), "panel-1");
  await userEvent.click(screen.getByRole("button", { name: "Search" }));
  const table = await screen.findByRole("table", { name: "Registrations found" });
  expect(within(table).getByText("north")).toBeTruthy();
  expect(asked.at(-1)?.body).toEqual({ entities: [{ id: "panel-1", isPattern: false, type: "" }] });
  expect(await faults()).toEqual([]);
});
