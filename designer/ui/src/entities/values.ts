// Values of attributes as text to edit, and back.
import type { Attribute, Element, Point } from "@/api/types";

export const valueTypes = ["float", "integer", "string", "boolean", "object"] as const;

export type Parsed = { value: unknown } | { problem: string };

/** The text of a value in a field. */
export function textOf(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What a text means as a value of a type. Types we do not know take JSON where it is JSON, and text otherwise. */
export function readValue(type: string, text: string): Parsed {
  const kind = type.trim().toLowerCase();
  if (["integer", "float", "number"].includes(kind)) return numberOf(text, kind === "integer");
  if (kind === "boolean") return booleanOf(text);
  if (["string", "text", "datetime", ""].includes(kind)) return { value: text };
  if (["object", "point", "array", "structuredvalue"].includes(kind)) return jsonOf(text);
  const parsed = jsonOf(text);
  return "value" in parsed ? parsed : { value: text };
}

function numberOf(text: string, whole: boolean): Parsed {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) return { problem: "Write a number, such as 21.5." };
  if (whole && !Number.isInteger(value)) return { problem: "Write a whole number, such as 21." };
  return { value };
}

function booleanOf(text: string): Parsed {
  const word = text.trim().toLowerCase();
  if (word === "true" || word === "false") return { value: word === "true" };
  return { problem: "Write true or false." };
}

function jsonOf(text: string): Parsed {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { problem: 'Write JSON, such as {"level": 3} or [1, 2].' };
  }
}

export const attributeOf = (entity: Element, name: string): Attribute | undefined =>
  entity.attributes?.find((attribute) => attribute.name === name);

/** A number that an attribute holds, also when it is written as text. */
export function numeric(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function pointIn(value: unknown): Point | undefined {
  const { latitude, longitude } = (value ?? {}) as Partial<Point>;
  return Number.isFinite(latitude) && Number.isFinite(longitude) ? (value as Point) : undefined;
}

/** Where an entity stands. */
export function placeOfEntity(entity: Element): Point | undefined {
  const metadatum = entity.domainMetadata?.find(({ name }) => name === "location")?.value;
  return pointIn(metadatum) ?? pointIn(attributeOf(entity, "location")?.value);
}
