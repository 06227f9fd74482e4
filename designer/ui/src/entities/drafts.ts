// Attributes while they are written in a form, and entities written as JSON.
import type { Attribute, Element } from "@/api/types";
import { readValue, textOf } from "./values";

export interface Draft {
  key: number;
  name: string;
  type: string;
  text: string;
}

let last = 0;

export const emptyDraft = (): Draft => ({ key: ++last, name: "", type: "float", text: "" });

export const draftOf = ({ name, type, value }: Attribute): Draft => ({
  key: ++last,
  name,
  type: type ?? "",
  text: textOf(value),
});

export interface DraftProblem {
  name?: string;
  text?: string;
}

export interface Read {
  attributes: Attribute[];
  /** What is wrong, by the key of the draft. */
  problems: Map<number, DraftProblem>;
}

const FORBIDDEN = /[<>"'=;()]/;

/** The attributes that drafts stand for; rows that were left empty do not count. */
export function readDrafts(drafts: readonly Draft[]): Read {
  const read: Read = { attributes: [], problems: new Map() };
  const names = new Set<string>();
  for (const draft of drafts) {
    const name = draft.name.trim();
    if (!name && !draft.text) continue;
    const problem = nameProblem(name, names);
    const parsed = readValue(draft.type, draft.text);
    if (problem || "problem" in parsed) {
      read.problems.set(draft.key, { name: problem, text: "problem" in parsed ? parsed.problem : undefined });
    } else {
      read.attributes.push({ name, type: draft.type.trim() || "string", value: parsed.value });
    }
    names.add(name);
  }
  return read;
}

function nameProblem(name: string, taken: ReadonlySet<string>): string | undefined {
  if (!name) return "Give it a name.";
  if (FORBIDDEN.test(name)) return "A name has none of < > \" ' = ; ( )";
  return taken.has(name) ? "There is one of this name already." : undefined;
}

export type ElementRead = { element: Element } | { problem: string };

/** An NGSI-10 entity written as JSON. */
export function readElement(text: string): ElementRead {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return { problem: `This is not JSON: ${(error as Error).message}` };
  }
  const { entityId, attributes, domainMetadata } = (parsed ?? {}) as Partial<Element>;
  if (!entityId?.id || typeof entityId.id !== "string") return { problem: "entityId.id must be a text" };
  if (!entityId.type || typeof entityId.type !== "string") return { problem: "entityId.type must be a text" };
  for (const [member, list] of Object.entries({ attributes, domainMetadata })) {
    if (list !== undefined && !isNamedList(list)) {
      return { problem: `${member} must be a list of {"name", "type", "value"}` };
    }
  }
  return { element: parsed as Element };
}

const isNamedList = (list: unknown) =>
  Array.isArray(list) && list.every((item) => typeof (item as { name?: unknown } | null)?.name === "string");

export const exampleElement = `{
  "entityId": {"id": "Room.1", "type": "Room", "isPattern": false},
  "attributes": [{"name": "temperature", "type": "float", "value": 21.5}],
  "domainMetadata": [{"name": "location", "type": "point", "value": {"latitude": 49.41, "longitude": 8.69}}]
}`;
