// The entities that have a place.
import type { Element, Point } from "@/api/types";
import { knownPlaceOf } from "@/map";

export interface Located {
  id: string;
  type: string;
  point: Point;
}

export function locatedOf(entities: Iterable<Element>, hidden: ReadonlySet<string>): Located[] {
  const located: Located[] = [];
  for (const element of entities) {
    const { id, type } = element.entityId;
    const place = hidden.has(type) ? undefined : knownPlaceOf(element);
    if (place) located.push({ id, type, point: place.point });
  }
  return located;
}

/** How many entities of each type have a place. */
export function countsOf(entities: Iterable<Element>): Map<string, { all: number; placed: number }> {
  const counts = new Map<string, { all: number; placed: number }>();
  for (const element of entities) {
    const { type } = element.entityId;
    const count = counts.get(type) ?? { all: 0, placed: 0 };
    count.all += 1;
    if (knownPlaceOf(element)) count.placed += 1;
    counts.set(type, count);
  }
  return counts;
}

export const MAX_WATCHED = 64;
/** Brokers are drawn as what they are, not as entities. */
const DRAWN_OTHERWISE = ["IoTBroker"];

/** Which types are followed, and which are too many. */
export function watchedTypes(types: Record<string, number>): { watched: string[]; left: string[] } {
  const names = Object.keys(types)
    .filter((type) => type && !DRAWN_OTHERWISE.includes(type))
    .sort();
  return { watched: names.slice(0, MAX_WATCHED), left: names.slice(MAX_WATCHED) };
}

/** Colours that types and tasks can have; what comes later shares the last. */
export const PALETTE = 6;

/** Gives each name a colour that it keeps. */
export class ColourOf {
  private readonly known = new Map<string, number>();

  of(name: string): number {
    let index = this.known.get(name);
    if (index === undefined) {
      index = Math.min(this.known.size, PALETTE - 1);
      this.known.set(name, index);
    }
    return index;
  }
}
