import { expect, test } from "vitest";
import { marksOf, sampleOf, template, textOf } from "@/operators/sample";
import { fileOf, MAX_FILE_BYTES, operatorsOf } from "./exchange";

const problem = (document: unknown) => {
  try {
    operatorsOf(typeof document === "string" ? document : JSON.stringify(document));
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

test("other documents are told from operators", () => {
  const refused = (document: unknown) => () => operatorsOf(JSON.stringify(document));
  expect(refused({ name: "a", tasks: [] })).toThrow("The file is a topology, not an operator.");
  expect(refused([{ topology: { name: "a" } }])).toThrow("[0] is a topology, not an operator.");
  expect(refused({ name: "a", topology: {}, status: "enabled" })).toThrow("is a fog function");
});

test("a file that is nested without end is refused", () => {
  const deep = `{"name":"a","extra":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  expect(() => operatorsOf(deep)).toThrow("The file is nested too deep.");
});

test("an exported operator comes back with everything it has", () => {
  const operator = {
    name: "a",
    owner: "me",
    dockerimages: [],
    parameters: [],
    description: "",
    functionCode: "x",
  };
  expect(operatorsOf(fileOf(operator))).toEqual([operator]);
});

test("one operator or a list of them", () => {
  expect(operatorsOf('[{"name":"a"},{"name":"b"}]').map(({ name }) => name)).toEqual(["a", "b"]);
  expect(problem([])).toContain("empty");
  expect(problem(Array(101).fill({ name: "a" }))).toContain("more than 100");
});

test("what is wrong is named", () => {
  expect(problem("{")).toContain("not JSON");
  expect(problem("x".repeat(MAX_FILE_BYTES + 1))).toContain("larger than 1 MB");
  expect(problem(1)).toBe("The file must be a JSON object.");
  expect(problem([null])).toBe("[0] must be a JSON object.");
  expect(problem({})).toBe("name is missing.");
  expect(problem({ name: "a/b" })).toMatch(/^name must not contain/);
  expect(problem({ name: "a", functionCode: 1 })).toBe("functionCode must be text.");
  expect(problem({ name: "a", parameters: {} })).toBe("parameters must be a list.");
  expect(problem({ name: "a", parameters: [{ name: "m", value: 64 }] })).toBe(
    "parameters[0].value must be text.",
  );
  expect(problem([{ name: "a", dockerimages: [{}] }])).toBe("[0].dockerimages[0].name is missing.");
  expect(problem({ name: "a", dockerimages: [{ name: "i", prefetched: "yes" }] })).toBe(
    "dockerimages[0].prefetched must be true or false.",
  );
});

test("a sample entity is checked before it is sent", () => {
  expect(sampleOf(textOf(template))).toEqual({ entity: template });
  const wrong = (value: unknown) => sampleOf(JSON.stringify(value));
  expect(sampleOf("{")).toHaveProperty("problem");
  expect(wrong([])).toEqual({ problem: "The entity must be a JSON object." });
  expect(wrong({})).toHaveProperty("problem", "entityId must be an object with id and type.");
  const entityId = { id: "a", type: "b" };
  expect(wrong({ entityId, attributes: {} })).toHaveProperty("problem");
  expect(wrong({ entityId, attributes: [{ name: "x" }] })).toEqual({
    problem: "attributes[0].value is missing.",
  });
  expect(wrong({ entityId, domainMetadata: [{ value: 1 }] })).toEqual({
    problem: "domainMetadata[0].name must be text.",
  });
  expect(wrong({ entityId })).toEqual({ entity: { entityId } });
});

test("an error without a line leaves no mark", () => {
  expect(marksOf(undefined)).toEqual([]);
  expect(marksOf({ error: { message: "slow" }, log: [] })).toEqual([]);
  expect(marksOf({ error: { message: "x", line: 3, column: 7 }, log: [] })).toEqual([
    { message: "x", line: 3, column: 7 },
  ]);
});
