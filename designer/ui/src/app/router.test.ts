import { expect, test } from "vitest";
import { hashOf, placeOf } from "./router";

test.each([
  ["", "", [], ""],
  ["#/overview", "overview", [], ""],
  ["#/running/ServiceIntent.1?tab=log", "running", ["ServiceIntent.1"], "tab=log"],
  ["#/context/entities/A%2FB?id=x%26y", "context", ["entities", "A/B"], "id=x%26y"],
  ["#/x/%zz", "x", ["%zz"], ""],
])("%s is understood", (hash, page, rest, query) => {
  const place = placeOf(hash);
  expect([place.page, place.rest, place.query.toString()]).toEqual([page, rest, query]);
});

test("names of any characters come back as they were", () => {
  const names = ["a/b", "?x=1", "#", "ä ö", "100%", "<b>"];
  const place = placeOf(hashOf("context", names, { id: "a&b=c", none: undefined }));
  expect(place.rest).toEqual(names);
  expect(place.query.get("id")).toBe("a&b=c");
  expect(place.query.has("none")).toBe(false);
});
