import { Text } from "@codemirror/state";
import { expect, test } from "vitest";
import { diagnosticsOf } from "./marks";

const text = Text.of(["const a = 1;", "", "throw a;"]);

test("a mark reaches from its column to the end of its line", () => {
  const [mark] = diagnosticsOf(text, [{ line: 3, column: 7, message: "thrown" }]);
  expect(text.sliceString(mark!.from, mark!.to)).toBe("a;");
  expect(mark!.message).toBe("thrown");
});

test("a mark without a column, or beyond its line, takes the whole line", () => {
  const marks = diagnosticsOf(text, [
    { line: 1, message: "x" },
    { line: 3, column: 99, message: "y" },
  ]);
  expect(marks.map(({ from, to }) => text.sliceString(from, to))).toEqual(["const a = 1;", "throw a;"]);
});

test("a mark on a line that is not there goes to the nearest one", () => {
  const lines = diagnosticsOf(text, [
    { line: 0, message: "x" },
    { line: 42, message: "y" },
  ]).map(({ from }) => text.lineAt(from).number);
  expect(lines).toEqual([1, 3]);
});
