// Reads members of JSON that somebody else wrote; what is wrong is named by its path.
import type { Rest } from "./document";

/** A document that cannot be read, and where. */
export class FormatError extends Error {
  constructor(
    readonly path: string,
    problem: string,
  ) {
    super(path ? `${path.replace(/^\./, "")} ${problem}` : problem);
    this.name = "FormatError";
  }
}

export function record(value: unknown, path: string): Rest {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Rest;
  throw new FormatError(path, "must be an object.");
}

export function list(value: unknown, path: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new FormatError(path, "must be a list.");
}

export function text(value: unknown, path: string, otherwise = ""): string {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === "string") return value;
  throw new FormatError(path, "must be a text.");
}

export function truth(value: unknown, path: string, otherwise: boolean): boolean {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "false") return value === "true";
  throw new FormatError(path, "must be true or false.");
}

export function number(value: unknown, path: string): number {
  const found = typeof value === "string" && value.trim() ? Number(value) : value;
  if (typeof found === "number" && Number.isFinite(found)) return found;
  throw new FormatError(path, "must be a number.");
}

/** A list of texts, or several in one text with commas between. */
export function texts(value: unknown, path: string): string[] {
  if (typeof value === "string")
    return value
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean);
  return list(value, path).map((part, index) => text(part, `${path}[${index}]`));
}

export function without(object: Rest, ...known: string[]): Rest {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !known.includes(name)));
}

/** Nothing at all rather than an object without members. */
export const some = (rest: Rest): Rest | undefined => (Object.keys(rest).length ? rest : undefined);
