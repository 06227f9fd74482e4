import { expect, test } from "vitest";
import { emptyDraft, exampleElement, readDrafts, readElement } from "./drafts";

const draft = (name: string, type: string, text: string) => ({ ...emptyDraft(), name, type, text });

test("drafts become attributes, empty rows are left out", () => {
  const { attributes, problems } = readDrafts([draft("a", "float", "1"), emptyDraft(), draft("b", "", "x")]);
  expect(problems.size).toBe(0);
  expect(attributes).toEqual([
    { name: "a", type: "float", value: 1 },
    { name: "b", type: "string", value: "x" },
  ]);
});

test("each problem is said at its row", () => {
  const rows = [
    draft("", "float", "1"),
    draft("a", "float", "x"),
    draft("a", "string", "y"),
    draft("<", "string", ""),
  ];
  const { problems } = readDrafts(rows);
  expect(problems.get(rows[0]!.key)?.name).toMatch("Give it a name");
  expect(problems.get(rows[1]!.key)?.text).toMatch("number");
  expect(problems.get(rows[2]!.key)?.name).toMatch("already");
  expect(problems.get(rows[3]!.key)?.name).toMatch("none of");
});

test("the example of an entity can be read", () => {
  expect(readElement(exampleElement)).toHaveProperty("element.entityId.id", "Room.1");
});

test.each([
  ["{", "not JSON"],
  ["null", "entityId.id"],
  ['{"entityId":{"id":"a"}}', "entityId.type"],
  ['{"entityId":{"id":"a","type":"A"},"attributes":{}}', "attributes must be a list"],
  ['{"entityId":{"id":"a","type":"A"},"domainMetadata":[1]}', "domainMetadata must be a list"],
])("%s is refused", (text, problem) => {
  const read = readElement(text);
  expect("problem" in read && read.problem).toContain(problem);
});
