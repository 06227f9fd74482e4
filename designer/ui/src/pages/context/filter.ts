// Which entities of a type are shown, in which order, with which attributes.
import type { Element } from "@/api/types";
import { attributeOf, numeric, textOf } from "./values";

export const operators = ["=", "≠", "<", ">", "contains"] as const;
export type Operator = (typeof operators)[number];

export interface Filter {
  attribute: string;
  operator: Operator;
  value: string;
}

export interface Order {
  /** The name of an attribute, or `id`. */
  by: string;
  down: boolean;
}

export const byId: Order = { by: "id", down: false };

/** Names of attributes are told from the identifier by where they are used; entities may have one called `id`. */
export const idColumn = "id";

/** A filter that says something: half-written ones let everything pass. */
export const isComplete = (filter: Filter | null): filter is Filter =>
  Boolean(filter?.attribute && filter.value !== "");

export function passes(entity: Element, filter: Filter): boolean {
  const attribute = attributeOf(entity, filter.attribute);
  if (!attribute) return filter.operator === "≠";
  return compares(attribute.value, filter.operator, filter.value);
}

function compares(value: unknown, operator: Operator, wanted: string): boolean {
  const text = textOf(value).toLowerCase();
  const other = wanted.toLowerCase();
  if (operator === "contains") return text.includes(other);
  const [left, right] = [numeric(value), numeric(wanted)];
  const difference =
    left !== undefined && right !== undefined ? left - right : text < other ? -1 : Number(text > other);
  if (operator === "=") return difference === 0;
  if (operator === "≠") return difference !== 0;
  return operator === "<" ? difference < 0 : difference > 0;
}

/** Whether the words occur in the identifier or in a value. */
export function isFound(entity: Element, words: string): boolean {
  if (entity.entityId.id.toLowerCase().includes(words)) return true;
  return (entity.attributes ?? []).some(({ value }) => textOf(value).toLowerCase().includes(words));
}

const collator = new Intl.Collator(undefined, { numeric: true });

/** Numbers before texts, and entities without the attribute last, whichever way the order goes. */
export function comparison({ by, down }: Order): (a: Element, b: Element) => number {
  const sign = down ? -1 : 1;
  const ids = (a: Element, b: Element) => collator.compare(a.entityId.id, b.entityId.id);
  if (by === idColumn) return (a, b) => sign * ids(a, b);
  return (a, b) => {
    const [left, right] = [attributeOf(a, by), attributeOf(b, by)];
    if (!left || !right) return Number(!left) - Number(!right) || ids(a, b);
    return sign * compareValues(left.value, right.value) || ids(a, b);
  };
}

function compareValues(a: unknown, b: unknown): number {
  const [left, right] = [numeric(a), numeric(b)];
  if (left !== undefined && right !== undefined) return left - right;
  if (left !== undefined || right !== undefined) return left !== undefined ? -1 : 1;
  return collator.compare(textOf(a), textOf(b));
}

export interface Wanted {
  search: string;
  filter: Filter | null;
  order: Order;
}

/**
 * The entities to show, in order. `before` is the last result: most updates change values and not the order, so that
 * sorting what was sorted is cheap.
 */
export function arranged(
  entities: ReadonlyMap<string, Element>,
  type: string,
  { search, filter, order }: Wanted,
  before: readonly Element[] = [],
): Element[] {
  const words = search.trim().toLowerCase();
  const shown = (entity: Element) =>
    entity.entityId.type === type &&
    (!words || isFound(entity, words)) &&
    (!isComplete(filter) || passes(entity, filter));
  const known = new Set<string>();
  const result: Element[] = [];
  for (const { entityId } of before) {
    known.add(entityId.id);
    const entity = entities.get(entityId.id);
    if (entity && shown(entity)) result.push(entity);
  }
  for (const [id, entity] of entities) if (!known.has(id) && shown(entity)) result.push(entity);
  return result.sort(comparison(order));
}

/** Names of attributes, the most frequent first. */
export function attributeNames(entities: Iterable<Element>, limit = 200): string[] {
  const frequency = new Map<string, number>();
  for (const { attributes } of entities) {
    for (const { name } of attributes ?? []) frequency.set(name, (frequency.get(name) ?? 0) + 1);
  }
  const names = [...frequency].sort((a, b) => b[1] - a[1] || collator.compare(a[0], b[0]));
  return names.slice(0, limit).map(([name]) => name);
}

const DEFAULT_COLUMNS = 6;

/** The columns the user chose, or the first few there are. */
export const columnsShown = (names: string[], chosen: string[] | null): string[] =>
  chosen ? chosen.filter((name) => names.includes(name)) : names.slice(0, DEFAULT_COLUMNS);

/** Types with how many entities each has, by name: an order by number would change under the user's hand. */
export const sortedTypes = (types: Record<string, number>): [type: string, entities: number][] =>
  Object.entries(types).sort((a, b) => collator.compare(a[0], b[0]));
