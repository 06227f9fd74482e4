import { Text } from "@codemirror/state";
import { expect, test } from "vitest";
import { faultsOf } from "./json";

const faults = (...lines: string[]) => faultsOf(Text.of(lines));

test("JSON has no faults, nor has nothing", () => {
  expect([faults(`{"a": [1, 2]}`), faults("")]).toEqual([[], []]);
});

test("a fault is where the text goes wrong", () => {
  const [fault] = faults(`{`, `  "a": x`, `}`);
  expect([fault?.from, fault?.severity]).toEqual([9, "error"]);
  expect(fault?.message).toContain("x");
});

test("what ends too early is at fault at its end", () => {
  expect(faults(`{"a": [1`)[0]?.from).toBe(8);
});
