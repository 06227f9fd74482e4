// What discovery knows: which broker provides what.
import type { Broker } from "@/api/types";
import { type Registration, sameAddress } from "@/entities/ngsi10";
import { siteOf } from "@/ui/format";

/** Types with more entities are counted by broker only when asked: the answer names every entity. */
export const COUNTED_AT_ONCE = 5_000;
export const MAX_COUNTED_TYPES = 50;

export interface Share {
  provider: string;
  entities: number;
}

/** How many entities each broker provides, the one with most first. */
export function shares(registrations: Registration[]): Share[] {
  const counts = new Map<string, number>();
  for (const { provider, entities } of registrations) {
    counts.set(provider, (counts.get(provider) ?? 0) + entities.length);
  }
  return [...counts]
    .map(([provider, entities]) => ({ provider, entities }))
    .sort((a, b) => b.entities - a.entities || a.provider.localeCompare(b.provider));
}

export interface Found {
  id: string;
  type: string;
  provider: string;
}

export const found = (registrations: Registration[]): Found[] =>
  registrations.flatMap(({ provider, entities }) => entities.map((entity) => ({ ...entity, provider })));

/** Which types are counted without being asked. */
export const countedAtOnce = (types: [type: string, entities: number][]): Set<string> =>
  new Set(
    types
      .filter(([, entities]) => entities <= COUNTED_AT_ONCE)
      .slice(0, MAX_COUNTED_TYPES)
      .map(([type]) => type),
  );

/** The name of a broker, or its address as long as it is not known. */
export function nameOf(brokers: Broker[], provider: string): string {
  const broker = brokers.find(({ url }) => sameAddress(url, provider));
  return broker ? siteOf(broker.id) : provider;
}
