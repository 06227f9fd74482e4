// The designer counts updates of entities whose type somebody watches: so watch what the instances on the page write.
import { useMemo } from "react";
import { useLive, useWatch } from "@/api/live";
import type { Instance } from "@/api/types";

/** A stream follows no more. */
const MAX_TYPES = 64;

/** The types that instances of the intent write, or those of all intents. */
export function outputTypes(instances: Iterable<Instance>, intent?: string): string[] {
  const types = new Set<string>();
  for (const instance of instances) {
    if (intent && instance.ServiceIntentID !== intent) continue;
    for (const output of instance.Outputs ?? []) types.add(output.Type);
  }
  return [...types].sort().slice(0, MAX_TYPES);
}

export function useOutputRates(intent?: string) {
  const key = useLive((live) => JSON.stringify(outputTypes(live.instances.values(), intent)));
  useWatch(useMemo(() => JSON.parse(key) as string[], [key]));
}
