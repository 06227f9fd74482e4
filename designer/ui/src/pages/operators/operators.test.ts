import { expect, test } from "vitest";
import type { FogFunction, Operator, Service } from "@/api/types";
import { nameProblem } from "@/operators/names";
import { codeOf, documentOf, draftOf, memberOf, newImage, problemsOf } from "@/operators/operator";
import { parameterOf, withValue } from "@/operators/parameters";
import { usersOf } from "@/operators/usage";

const none = new Set<string>();

test("names are what the designer takes", () => {
  for (const good of ["counter", "Zähler 2", "a.b:c-d_e", "x".repeat(200)])
    expect(nameProblem(good)).toBeUndefined();
  for (const bad of ["", ".", "..", " a", "a ", "a/b", "a\nb", "a%b", 'a"b', "ä".repeat(101)])
    expect(nameProblem(bad), bad).toBeTruthy();
});

test("members that the form does not know are kept", () => {
  const stored = {
    name: "a",
    owner: "me",
    parameters: [{ name: "x", value: "1", secret: true }],
    dockerimages: [{ ...newImage(), name: "a/b", OperatorName: "a" }],
  } as unknown as Operator;
  const draft = draftOf(stored);
  const changed = { ...draft, parameters: withValue(draft.parameters, "x", "2") };
  expect(documentOf(changed)).toEqual({
    ...stored,
    description: "",
    parameters: [{ name: "x", value: "2", secret: true }],
  });
});

test("function code is found in each of its spellings and sent in one", () => {
  const draft = draftOf({ name: "a", FunctionCode: "code" });
  expect(documentOf(draft)).not.toHaveProperty("FunctionCode");
  expect(documentOf(draft).functionCode).toBe("code");
  expect(documentOf({ ...draft, functionCode: " \n" })).not.toHaveProperty("functionCode");
  expect(codeOf({ name: "a", functionCode: "", functioncode: "x" })).toBe("x");
});

test("parameters change in their place, are added, and go when emptied", () => {
  const before = [
    { name: "a", value: "1" },
    { name: "memory_mb", value: "64" },
    { name: "b", value: "2" },
  ];
  expect(withValue(before, "memory_mb", "32").map(({ value }) => value)).toEqual(["1", "32", "2"]);
  expect(withValue(before, "memory_mb", "")).toHaveLength(2);
  expect(withValue(before, "cpus", "1")[3]).toEqual({ name: "cpus", value: "1" });
  expect(withValue(before, "cpus", "")).toEqual(before);
});

test("ports given several times are one field", () => {
  const ports = [
    { name: "service_port", value: "80" },
    { name: "service_port", value: "81" },
  ];
  expect(parameterOf(ports, "service_port")).toBe("80;81");
  expect(withValue(ports, "service_port", "80;82")).toEqual([{ name: "service_port", value: "80;82" }]);
});

test("problems name members as the designer does", () => {
  const draft = draftOf({
    name: "a/b",
    dockerimages: [newImage()],
    parameters: [
      { name: "memory_mb", value: "2" },
      { name: "", value: "" },
      { name: "cpus", value: "many" },
      { name: "service_port", value: "80; 70000" },
      { name: "colour", value: "any" },
    ],
  });
  expect([...problemsOf(draft, none).keys()]).toEqual([
    "name",
    "dockerimages[0].name",
    "parameters[0].value",
    "parameters[1].name",
    "parameters[2].value",
    "parameters[3].value",
  ]);
  expect(memberOf("[0].dockerimages[0].name")).toBe("dockerimages[0].name");
  expect(memberOf("name")).toBe("name");
});

test("how much memory is allowed depends on what it runs as", () => {
  const problems = (operator: Partial<Operator>, value: string) =>
    problemsOf(draftOf({ name: "a", ...operator, parameters: [{ name: "memory_mb", value }] }), none).size;
  const image = { dockerimages: [{ ...newImage(), name: "a" }] };
  expect([problems(image, "5"), problems(image, "6"), problems(image, "2048")]).toEqual([1, 0, 0]);
  const code = { functionCode: "x" };
  expect([problems(code, "1"), problems(code, "2048"), problems(code, "1.5")]).toEqual([0, 1, 1]);
});

test("a name that is taken is a problem", () => {
  expect(problemsOf(draftOf({ name: "a" }), new Set(["a"])).get("name")).toContain("another operator");
});

test("users are topologies and fog functions, each once", () => {
  const task = (operator: string) => ({ name: "t", operator, input_streams: [], output_streams: [] });
  const services = { shop: { topology: { name: "shop", tasks: [task("a"), task("a"), task("b")] } } };
  const functions = { fog: { name: "fog", topology: { name: "fog", tasks: [task("b")] } } };
  const users = usersOf(
    services as Record<string, Service>,
    functions as never as Record<string, FogFunction>,
  );
  expect(users.get("a")).toEqual([{ page: "topologies", name: "shop" }]);
  expect(users.get("b")?.map(({ page }) => page)).toEqual(["topologies", "functions"]);
});
