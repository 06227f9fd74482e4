// What the map shows, out of the live store.
import { useEffect, useMemo, useState } from "react";
import { useFogFunctions, useIntents, useTypes } from "@/api/documents";
import { useLive, useWatch } from "@/api/live";
import type { Element, Intent } from "@/api/types";
import { ringOf, scopeOf } from "@/map";
import { useShown } from "./layers";
import { ColourOf, countsOf, locatedOf, MAX_WATCHED, watchedTypes } from "./model/entities";
import { chosenFlows, concerned, flowsOf } from "./model/flows";
import { isPlaced, sitesOf } from "./model/sites";
import type { Known } from "./model/things";

export interface NotShown {
  type: string;
  reason: string;
}

export type MapData = ReturnType<typeof useMapData>;

export function useMapData(selected: string | undefined) {
  const types = useTypes();
  const { watched, left } = useMemo(() => watchedTypes(types), [types]);
  useWatch(watched);
  const known = useKnown();
  const shown = useShown(watched);
  const [colours] = useState(() => ({ types: new ColourOf(), tasks: new ColourOf() }));
  const { workers, brokers, instances, entities, intents } = known;
  const counts = useMemo(() => countsOf(entities.values()), [entities]);
  for (const type of watched) if (counts.get(type)?.placed) colours.types.of(type);
  const located = useMemo(
    () => locatedOf(entities.values(), shown.hiddenTypes),
    [entities, shown.hiddenTypes],
  );
  const sites = useMemo(
    () => sitesOf(workers.values(), brokers, instances.values(), shown),
    [workers, brokers, instances, shown],
  );
  const areas = useMemo(() => (shown.areas ? areasOf(intents) : []), [intents, shown.areas]);
  const flows = useFlows(known, located, selected, shown.flows && shown.instances);
  return { known, shown, watched, refused: useRefused(left), counts, located, sites, areas, flows, colours };
}

/** The things of the map; the entities stay while the stream is opened anew for other types. */
function useKnown(): Known {
  const workers = useLive((live) => live.workers);
  const brokers = useLive((live) => live.brokers);
  const instances = useLive((live) => live.instances);
  const entities = useSteadyEntities();
  const own = useIntents().data;
  const functions = useFogFunctions().data;
  const intents = useMemo(() => {
    const enabled = Object.values(functions ?? {}).filter(
      (one) => one.status === "enabled" && one.intent?.id,
    );
    const ofFunctions = enabled.map(
      ({ name, intent }) => [intent.id, { ...intent, topology: name }] as const,
    );
    return { ...Object.fromEntries(ofFunctions), ...own } satisfies Record<string, Intent>;
  }, [own, functions]);
  return useMemo(
    () => ({ workers, brokers, instances, entities, intents }),
    [workers, brokers, instances, entities, intents],
  );
}

const SETTLE_MS = 3_000;

function useSteadyEntities(): ReadonlyMap<string, Element> {
  const entities = useLive((live) => live.entities);
  const [steady, setSteady] = useState(entities);
  useEffect(() => {
    if (entities.size > 0) return setSteady(entities);
    const timer = setTimeout(() => setSteady(entities), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [entities]);
  return entities.size > 0 ? entities : steady;
}

function useRefused(left: string[]): NotShown[] {
  const watched = useLive((live) => live.watched);
  return useMemo(() => {
    const refused = [...watched]
      .filter(([, { state }]) => state !== "live")
      .map(([type, { state, reason }]) => ({ type, reason: reason ?? state }));
    const many = `only ${MAX_WATCHED} types are followed at a time`;
    return [...refused, ...left.map((type) => ({ type, reason: many }))];
  }, [watched, left]);
}

function areasOf(intents: Record<string, Intent>) {
  return Object.values(intents).flatMap((intent) => {
    const scope = scopeOf(intent.geoscope);
    const ring = scope ? ringOf(scope) : [];
    return ring.length >= 3 ? [{ id: intent.id, ring }] : [];
  });
}

function useFlows(known: Known, located: { id: string }[], selected: string | undefined, shown: boolean) {
  const { instances, workers } = known;
  const ids = useIds(located);
  return useMemo(() => {
    if (!shown) return { flows: [], all: 0 };
    const about = selected ? concerned(selected, instances.values()) : [];
    const chosen = about.length > 0 ? selected : undefined;
    const running = [...instances.values()].filter((instance) => instance.Status !== "removed");
    const placed = (worker: string) => {
      const node = workers.get(worker);
      return node !== undefined && isPlaced(node);
    };
    const all = flowsOf(
      chosen ? about : running,
      (instance) => placed(instance.Worker),
      (entity) => ids.has(entity),
    );
    return chosenFlows(all, chosen);
  }, [instances, workers, ids, selected, shown]);
}

/** The identifiers of what has a place; the same set as long as these are the same, however much moves. */
function useIds(located: { id: string }[]): ReadonlySet<string> {
  const [ids, setIds] = useState<ReadonlySet<string>>(() => new Set(located.map(({ id }) => id)));
  const same = ids.size === located.length && located.every(({ id }) => ids.has(id));
  useEffect(() => {
    if (!same) setIds(new Set(located.map(({ id }) => id)));
  }, [same, located]);
  return ids;
}
