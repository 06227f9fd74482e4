// Operators as files: what is taken for one, and why not.
import { tooDeep } from "@/api/depth";
import type { Operator } from "@/api/types";
import { nameProblem } from "@/operators/names";
import { documentOf, draftOf } from "@/operators/operator";

export const MAX_FILE_BYTES = 1_000_000;
const MAX_OPERATORS = 100;

/** A file that holds no operators, with the member that is wrong. */
export class NotAnOperator extends Error {}

export const fileOf = (operator: Operator) => `${JSON.stringify(documentOf(draftOf(operator)), null, 2)}\n`;

/** The operators in a file: one, or a list of them. */
export function operatorsOf(text: string): Operator[] {
  if (text.length > MAX_FILE_BYTES) throw new NotAnOperator("The file is larger than 1 MB.");
  const document = parsed(text);
  if (tooDeep(document)) throw new NotAnOperator("The file is nested too deep.");
  if (!Array.isArray(document)) return [operatorAt("", document)];
  if (document.length === 0) throw new NotAnOperator("The list of operators is empty.");
  if (document.length > MAX_OPERATORS) {
    throw new NotAnOperator(`The file holds more than ${MAX_OPERATORS} operators.`);
  }
  return document.map((each, index) => operatorAt(`[${index}]`, each));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NotAnOperator(`The file is not JSON: ${(error as Error).message}`);
  }
}

type Members = Record<string, unknown>;
const member = (path: string, name: string) => (path ? `${path}.${name}` : name);

function operatorAt(path: string, value: unknown): Operator {
  const operator = objectAt(path, value);
  if ("tasks" in operator || "topology" in operator) {
    const what = "status" in operator ? "a fog function" : "a topology";
    throw new NotAnOperator(`${path || "The file"} is ${what}, not an operator.`);
  }
  textAt(path, operator, "name", true);
  const wrong = nameProblem(operator.name as string);
  if (wrong) throw new NotAnOperator(`${member(path, "name")} ${wrong}.`);
  for (const name of ["description", "functionCode", "FunctionCode", "functioncode"]) {
    textAt(path, operator, name);
  }
  listAt(path, operator, "parameters", (at, parameter) => {
    textAt(at, parameter, "name", true);
    textAt(at, parameter, "value");
  });
  listAt(path, operator, "dockerimages", (at, image) => {
    textAt(at, image, "name", true);
    for (const name of ["tag", "hwType", "osType", "OperatorName"]) textAt(at, image, name);
    if (image.prefetched != null && typeof image.prefetched !== "boolean") {
      throw new NotAnOperator(`${member(at, "prefetched")} must be true or false.`);
    }
  });
  return operator as Operator;
}

function objectAt(path: string, value: unknown): Members {
  if (value && typeof value === "object" && !Array.isArray(value)) return value as Members;
  throw new NotAnOperator(`${path || "The file"} must be a JSON object.`);
}

function textAt(path: string, members: Members, name: string, needed = false) {
  const value = members[name];
  if (needed && (value === undefined || value === null)) {
    throw new NotAnOperator(`${member(path, name)} is missing.`);
  }
  if (value != null && typeof value !== "string")
    throw new NotAnOperator(`${member(path, name)} must be text.`);
  if (needed && value === "") throw new NotAnOperator(`${member(path, name)} must not be empty.`);
}

function listAt(path: string, members: Members, name: string, check: (path: string, item: Members) => void) {
  const list = members[name];
  if (list == null) return;
  if (!Array.isArray(list)) throw new NotAnOperator(`${member(path, name)} must be a list.`);
  list.forEach((item, index) => {
    const at = `${member(path, name)}[${index}]`;
    check(at, objectAt(at, item));
  });
}
