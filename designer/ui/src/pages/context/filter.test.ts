import { describe, expect, test } from "vitest";
import type { Element } from "@/api/types";
import {
  type Arranged,
  arranged,
  attributeNames,
  byId,
  columnsShown,
  type Filter,
  passes,
  sortedTypes,
} from "./filter";

const panel = (id: string, values: Record<string, unknown>): Element => ({
  entityId: { id, type: "Panel", isPattern: false },
  attributes: Object.entries(values).map(([name, value]) => ({ name, type: "any", value })),
});

const store = (...entities: Element[]) => new Map(entities.map((entity) => [entity.entityId.id, entity]));
const ids = ({ shown }: Arranged) => shown.map((entity) => entity.entityId.id);
const all = { search: "", filter: null, order: byId };

describe("filters", () => {
  const entity = panel("p1", { usage: 20, shop: "Castle", open: true, text: "7" });
  test.each<[string, Filter["operator"], string, boolean]>([
    ["usage", "=", "20", true],
    ["usage", "=", "20.0", true],
    ["usage", "≠", "20", false],
    ["usage", "<", "100", true],
    ["usage", ">", "100", false],
    ["text", "<", "10", true],
    ["shop", "=", "castle", true],
    ["shop", "contains", "ast", true],
    ["shop", ">", "b", true],
    ["open", "=", "true", true],
    ["missing", "=", "1", false],
    ["missing", "≠", "1", true],
  ])("%s %s %s", (attribute, operator, value, expected) => {
    expect(passes(entity, { attribute, operator, value })).toBe(expected);
  });

  test("one without a value hides nothing", () => {
    const filter: Filter = { attribute: "usage", operator: ">", value: "" };
    expect(ids(arranged(store(entity), "Panel", { ...all, filter }))).toEqual(["p1"]);
  });
});

describe("order", () => {
  const entities = store(
    panel("p10", { usage: 5 }),
    panel("p2", { usage: 10 }),
    panel("p1", {}),
    panel("p3", { usage: "high" }),
  );
  test("identifiers count as people do", () => {
    expect(ids(arranged(entities, "Panel", all))).toEqual(["p1", "p2", "p3", "p10"]);
  });
  test("numbers, then texts, then those without it, in both directions", () => {
    const order = { by: "usage", down: false };
    expect(ids(arranged(entities, "Panel", { ...all, order }))).toEqual(["p10", "p2", "p3", "p1"]);
    const down = { by: "usage", down: true };
    expect(ids(arranged(entities, "Panel", { ...all, order: down }))).toEqual(["p3", "p2", "p10", "p1"]);
  });
  test("the last result is taken up, with new values and without what is gone", () => {
    const before = arranged(entities, "Panel", all);
    const after = store(panel("p2", { usage: 99 }), panel("p0", {}));
    const result = arranged(after, "Panel", all, before);
    expect(ids(result)).toEqual(["p0", "p2"]);
    expect(result.shown[1]?.attributes?.[0]?.value).toBe(99);
    expect(result.total).toBe(2);
  });
});

test("values that change move their entity, among those there were before", () => {
  const order = { by: "usage", down: false };
  const before = arranged(store(panel("a", { usage: 1 }), panel("b", { usage: 2 })), "Panel", {
    ...all,
    order,
  });
  const after = store(panel("a", { usage: 3 }), panel("b", { usage: 2 }));
  expect(ids(arranged(after, "Panel", { ...all, order }, before))).toEqual(["b", "a"]);
  expect(ids(arranged(after, "Panel", all, before))).toEqual(["a", "b"]);
});

test("a search looks at identifiers and values, whatever the case", () => {
  const entities = store(panel("Alpha", { name: "x" }), panel("b", { name: "ALPHABET" }), panel("c", {}));
  expect(ids(arranged(entities, "Panel", { ...all, search: " alpha " }))).toEqual(["Alpha", "b"]);
});

test("other types are left out", () => {
  expect(arranged(store(panel("a", {})), "Other", all)).toMatchObject({ shown: [], total: 0 });
});

test("columns are those that most entities have, until the user chooses", () => {
  const names = attributeNames([panel("a", { x: 1, y: 1 }), panel("b", { y: 1 })]);
  expect(names).toEqual(["y", "x"]);
  expect(columnsShown(names, null)).toEqual(["y", "x"]);
  expect(columnsShown(names, ["x", "gone"])).toEqual(["x"]);
});

test("types come by name", () => {
  expect(sortedTypes({ b2: 1, b10: 7, a: 1 })).toEqual([
    ["a", 1],
    ["b2", 1],
    ["b10", 7],
  ]);
});
