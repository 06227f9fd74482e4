import { expect, test } from "vitest";
import { duration, plural, shortValue, siteOf } from "./format";

test.each([
  [0, "0 s"],
  [-5, "0 s"],
  [12_400, "12 s"],
  [100_000, "2 min"],
  [7_200_000, "2 h"],
  [259_200_000, "3 d"],
])("%d ms is %s", (ms, text) => expect(duration(ms)).toBe(text));

test("one is not many", () => {
  expect([plural(1, "worker"), plural(2, "worker"), plural(0, "entity", "entities")]).toEqual([
    "1 worker",
    "2 workers",
    "0 entities",
  ]);
});

test("sites are named without what everybody sees", () => {
  expect([siteOf("Worker.edge-3"), siteOf("Broker.a.b"), siteOf("edge")]).toEqual(["edge-3", "a.b", "edge"]);
});

test("values are shown on one line", () => {
  expect([shortValue({ a: 1 }), shortValue("x".repeat(5), 4), shortValue(undefined)]).toEqual([
    `{"a":1}`,
    "xxx…",
    "",
  ]);
});
