import { expect, test } from "vitest";
import type { Instance } from "@/api/types";
import { outputTypes } from "./useOutputRates";

const writes = (ServiceIntentID: string, ...types: string[]) =>
  ({ ServiceIntentID, Outputs: types.map((Type) => ({ Type, ID: `${Type}.1` })) }) as Instance;

const instances = [
  writes("a", "Heat", "Alarm"),
  writes("a", "Heat"),
  writes("b", "Sum"),
  { ServiceIntentID: "a" } as Instance,
];

test("each type that an intent's instances write is watched once", () => {
  expect(outputTypes(instances, "a")).toEqual(["Alarm", "Heat"]);
});

test("without an intent those of all are", () => {
  expect(outputTypes(instances)).toEqual(["Alarm", "Heat", "Sum"]);
});

test("there is a limit", () => {
  expect(outputTypes([writes("a", ...Array.from({ length: 80 }, (_, index) => `T${index}`))])).toHaveLength(
    64,
  );
});
