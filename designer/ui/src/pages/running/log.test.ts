import { describe, expect, it } from "vitest";
import { appended, emptyLog, MAX_LINES, matching, parts, restarted } from "./log";

const texts = (count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => `line ${from + index}`);

describe("the log", () => {
  it("numbers lines on and on, and keeps the latest", () => {
    const log = appended(appended(emptyLog, texts(MAX_LINES)), ["more", "and more"]);
    expect(log.lines).toHaveLength(MAX_LINES);
    expect(log.lines[0]).toEqual({ number: 3, text: "line 3" });
    expect(log.lines.at(-1)).toEqual({ number: MAX_LINES + 2, text: "and more" });
    expect(log.next).toBe(MAX_LINES + 3);
  });

  it("bounds one batch and one line", () => {
    const log = appended(emptyLog, [...texts(MAX_LINES + 5), "x".repeat(100_000)]);
    expect(log.lines).toHaveLength(MAX_LINES);
    expect(log.lines[0]).toEqual({ number: 7, text: "line 7" });
    expect(log.lines.at(-1)?.text.length).toBe(4_001);
  });

  it("starts anew without using a number again", () => {
    const log = restarted(appended(emptyLog, texts(3)), ["again"]);
    expect(log.lines).toEqual([{ number: 4, text: "again" }]);
  });

  it("finds lines whatever the case, and marks where", () => {
    const { lines } = appended(emptyLog, ["An Error", "fine", "error: error"]);
    expect(matching(lines, "ERROR").map(({ text }) => text)).toEqual(["An Error", "error: error"]);
    expect(matching(lines, "")).toBe(lines);
    expect(parts("error: error!", "Error")).toEqual(["", "error", ": ", "error", "!"]);
    expect(parts("fine", "error")).toEqual(["fine"]);
    expect(parts("fine", "")).toEqual(["fine"]);
  });
});
