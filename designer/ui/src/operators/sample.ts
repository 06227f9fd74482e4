// The entity a function is tried with, and what the try-out answers.
import type { Element, Parameter, Tried } from "@/api/types";
import type { Mark } from "@/code/CodeEditor";

export const template: Element = {
  entityId: { id: "Sensor.1", type: "Sensor", isPattern: false },
  attributes: [{ name: "temperature", type: "float", value: 31.5 }],
  domainMetadata: [{ name: "location", type: "point", value: { latitude: 49.41, longitude: 8.69 } }],
};

/** An entity of that type to start from when there is none yet. */
export const templateOf = (type: string): Element =>
  type ? { ...template, entityId: { id: `${type}.1`, type, isPattern: false } } : template;

export const textOf = (element: Element) => JSON.stringify(element, null, 2);

/** The entity in a text, or what is wrong with it. */
export function sampleOf(text: string): { entity: Element } | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `This is not JSON: ${(error as Error).message}` };
  }
  const problem = wrongWith(value);
  return problem ? { problem } : { entity: value as Element };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function wrongWith(value: unknown): string | undefined {
  if (!isObject(value)) return "The entity must be a JSON object.";
  const { entityId } = value;
  if (!isObject(entityId)) return "entityId must be an object with id and type.";
  if (typeof entityId.id !== "string" || !entityId.id) return "entityId.id must be text.";
  if (entityId.type !== undefined && typeof entityId.type !== "string") return "entityId.type must be text.";
  return wrongMembers("attributes", value.attributes) ?? wrongMembers("domainMetadata", value.domainMetadata);
}

function wrongMembers(name: string, list: unknown): string | undefined {
  if (list === undefined || list === null) return undefined;
  if (!Array.isArray(list)) return `${name} must be a list of { name, type, value }.`;
  const wrong = list.findIndex((item) => !isObject(item) || typeof item.name !== "string" || !item.name);
  if (wrong >= 0) return `${name}[${wrong}].name must be text.`;
  const valueless = list.findIndex((item) => !("value" in item));
  return valueless >= 0 ? `${name}[${valueless}].value is missing.` : undefined;
}

/** The function's own first output, which it writes when it names no entity. */
export const outputsOf = (type: string) => (type ? [{ id: `${type}.try`, type }] : []);

/** The parameters that limit a function, wherever it runs. */
export const limitsOf = (parameters: Parameter[]) =>
  parameters.filter(({ name, value }) => ["memory_mb", "timeout_ms"].includes(name) && value);

/** Where the editor is to mark what failed. */
export function marksOf(tried: Tried | undefined): Mark[] {
  const { message, line, column } = tried?.error ?? {};
  return message && line ? [{ message, line, column }] : [];
}
