// Which entities of a type are shown, in which order, with which attributes.
import type { Element } from "@/api/types";
import { attributeOf, numeric, textOf } from "@/entities/values";

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

interface Keyed {
  entity: Element;
  known: boolean;
  number: number | undefined;
  text: string;
}

function keyed(entity: Element, by: string): Keyed {
  const attribute = attributeOf(entity, by);
  const number = attribute && numeric(attribute.value);
  const text = attribute && number === undefined ? textOf(attribute.value) : "";
  return { entity, known: Boolean(attribute), number, text };
}

const compareIds = (a: Element, b: Element) => collator.compare(a.entityId.id, b.entityId.id);

/** Numbers before texts, and entities without the attribute last, whichever way the order goes. */
function ordered(entities: Element[], { by, down }: Order): Element[] {
  const sign = down ? -1 : 1;
  if (by === idColumn) return entities.sort((a, b) => sign * compareIds(a, b));
  const compare = (a: Keyed, b: Keyed) => {
    if (!a.known || !b.known) return Number(!a.known) - Number(!b.known) || compareIds(a.entity, b.entity);
    return sign * compareValues(a, b) || compareIds(a.entity, b.entity);
  };
  return entities
    .map((entity) => keyed(entity, by))
    .sort(compare)
    .map(({ entity }) => entity);
}

function compareValues(a: Keyed, b: Keyed): number {
  if (a.number !== undefined && b.number !== undefined) return a.number - b.number;
  if (a.number !== undefined || b.number !== undefined) return a.number !== undefined ? -1 : 1;
  return collator.compare(a.text, b.text);
}

export interface Wanted {
  search: string;
  filter: Filter | null;
  order: Order;
}

export interface Arranged {
  /** Those to show, in order. */
  shown: Element[];
  /** How many there are of the type. */
  total: number;
  order: Order;
}

const unarranged: Arranged = { shown: [], total: 0, order: byId };

/**
 * The entities to show. It starts from how they were arranged before: most updates change values and neither the
 * identifiers nor the order, so that there is little or nothing to sort.
 */
export function arranged(
  entities: ReadonlyMap<string, Element>,
  type: string,
  { search, filter, order }: Wanted,
  before: Arranged = unarranged,
): Arranged {
  const words = search.trim().toLowerCase();
  const passing = (entity: Element) =>
    (!words || isFound(entity, words)) && (!isComplete(filter) || passes(entity, filter));
  const known = new Set<string>();
  const shown: Element[] = [];
  for (const { entityId } of before.shown) {
    known.add(entityId.id);
    const entity = entities.get(entityId.id);
    if (entity && entity.entityId.type === type && passing(entity)) shown.push(entity);
  }
  const kept = shown.length;
  let total = 0;
  for (const [id, entity] of entities) {
    if (entity.entityId.type !== type) continue;
    total += 1;
    if (!known.has(id) && passing(entity)) shown.push(entity);
  }
  const inOrder = order === before.order && order.by === idColumn && shown.length === kept;
  return { shown: inOrder ? shown : ordered(shown, order), total, order };
}

/** So many entities are looked at for the names of their attributes. */
const SAMPLE = 2_000;

/** Names of attributes, the most frequent first, as a sample over all entities has them. */
export function attributeNames(entities: readonly Element[], limit = 200): string[] {
  const frequency = new Map<string, number>();
  const stride = Math.ceil(entities.length / SAMPLE);
  for (let at = 0; at < entities.length; at += stride) {
    for (const { name } of entities[at]?.attributes ?? [])
      frequency.set(name, (frequency.get(name) ?? 0) + 1);
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
