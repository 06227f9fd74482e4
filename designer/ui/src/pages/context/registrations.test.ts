import { expect, test } from "vitest";
import type { SubscriptionInfo } from "@/api/types";
import { continued } from "@/entities/history";
import { pagePath } from "./EntityPages";
import { countedAtOnce, found, shares } from "./registrations";
import { attributesOf, keeperOf, selected, subject, taskOf } from "./subscriptions";

const registrations = [
  { provider: "http://a", entities: [{ id: "1", type: "T" }] },
  {
    provider: "http://b",
    entities: [
      { id: "2", type: "T" },
      { id: "3", type: "T" },
    ],
  },
];

test("each broker's share of a type", () => {
  expect(shares(registrations)).toEqual([
    { provider: "http://b", entities: 2 },
    { provider: "http://a", entities: 1 },
  ]);
  expect(found(registrations)[0]).toEqual({ id: "1", type: "T", provider: "http://a" });
});

test("large types are counted by broker only when asked", () => {
  expect(
    countedAtOnce([
      ["big", 5001],
      ["small", 5000],
    ]),
  ).toEqual(new Set(["small"]));
});

test("pages are asked for by offset, and a search is not taken for a pattern", () => {
  expect(pagePath("A b", "p.1", 2)).toBe("/info/entity?type=A+b&limit=100&offset=200&idPattern=p%5C.1");
});

test("a history goes on with what was seen since", () => {
  expect(
    continued(
      [
        [1, 10],
        [5, 11],
      ],
      [
        [4, 9],
        [6, 12],
      ],
    ),
  ).toEqual([
    [1, 10],
    [5, 11],
    [6, 12],
  ]);
});

const subscription = (change: Partial<SubscriptionInfo>): SubscriptionInfo => ({
  id: "s",
  broker: "Broker.a",
  request: { entities: [{ id: "", type: "Room" }], reference: "http://r" },
  status: "active",
  timesSent: 0,
  failsCounter: 0,
  queued: 0,
  ...change,
});

test("what a subscription selects, in words", () => {
  const of = (...entities: SubscriptionInfo["request"]["entities"]) =>
    subject(subscription({ request: { entities, reference: "" } }));
  expect(of({ type: "Room" })).toBe("every Room");
  expect(of({ id: "Room.1", type: "Room" }, { id: "Room.2" })).toBe("Room.1, Room.2");
  expect(of({ id: "R.*", type: "Room", isPattern: true })).toBe("every Room matching R.*");
  expect(of({ id: ".*", isPattern: true })).toBe("every entity");
  expect(attributesOf(subscription({}))).toBe("all attributes");
});

test("who keeps a subscription", () => {
  expect(taskOf(subscription({ correlator: "Task.a.b.1" }))).toBe("Task.a.b.1");
  expect(keeperOf(subscription({}), { s: {} })).toBe("designer");
  expect(keeperOf(subscription({ correlator: "Task.a" }), {})).toBe("task");
  expect(keeperOf(subscription({ correlator: "Designer.a.live" }), {})).toBe("dashboard");
  expect(keeperOf(subscription({}), {})).toBe("other");
});

test("failing ones come first and can be shown alone", () => {
  const all = [subscription({ id: "a" }), subscription({ id: "b", status: "failing" })];
  const ids = (failing: boolean, search = "") => selected(all, { search, failing }).map(({ id }) => id);
  expect(ids(false)).toEqual(["b", "a"]);
  expect(ids(true)).toEqual(["b"]);
  expect(ids(false, "ROOM")).toHaveLength(2);
  expect(ids(false, "nothing")).toEqual([]);
});
