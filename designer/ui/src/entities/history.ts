// The last values of a numeric attribute: what the broker remembers, then what comes in while one looks.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { get, segment } from "@/api/http";
import type { Attribute, Element } from "@/api/types";
import { numeric } from "./values";

export type HistoryPoint = [at: number, value: number];

const MAX_POINTS = 256;

interface History {
  points: HistoryPoint[];
}

export const historyPath = (id: string, attribute: string) =>
  `/info/entity/${segment(id)}/history?attribute=${segment(attribute)}`;

/** Points that were fetched, continued by those seen live since then. */
export function continued(fetched: readonly HistoryPoint[], live: readonly HistoryPoint[]): HistoryPoint[] {
  const until = fetched.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY;
  return [...fetched, ...live.filter(([at]) => at > until)].slice(-MAX_POINTS);
}

/** The values of an attribute over time; a broker that keeps none leaves those seen live. */
export function useHistory(entity: Element, attribute: Attribute): HistoryPoint[] {
  const { id } = entity.entityId;
  const { name } = attribute;
  const fetched = useQuery({
    queryKey: ["history", id, name],
    queryFn: () => get<History>(historyPath(id, name)),
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  const live = useLivePoints(entity, numeric(attribute.value));
  return continued(fetched.data?.points ?? [], live);
}

/** One point for each time the entity has been updated. */
function useLivePoints(entity: Element, value: number | undefined): HistoryPoint[] {
  const [seen, setSeen] = useState(() => ({ entity, points: pointsOf(value) }));
  if (seen.entity !== entity) {
    setSeen({ entity, points: [...seen.points, ...pointsOf(value)].slice(-MAX_POINTS) });
  }
  return seen.points;
}

const pointsOf = (value: number | undefined): HistoryPoint[] =>
  value === undefined ? [] : [[Date.now(), value]];
