import { useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import { useDevices, useIntents, useOperators, useServices } from "@/api/documents";
import { useLive } from "@/api/live";
import { useSimulations } from "@/devices/simulator";
import { deviceIds, INTENT } from "@/example/example";
import type { Seen } from "./state";

const namesOf = (documents: Record<string, unknown> | undefined) =>
  documents && new Set(Object.keys(documents));

/** What the system says of the example, at any time. */
export function useSeen(): Seen {
  const operators = useOperators().data;
  const services = useServices().data;
  const intents = useIntents().data;
  const devices = useDevices().data;
  const playing = useSimulations(({ all }) => deviceIds.filter((id) => all.get(id)?.running).length);
  const workers = useLive(useShallow((live) => [...live.workers.values()]));
  const instances = useLive(
    useShallow((live) =>
      [...live.instances.values()].filter(
        ({ ServiceIntentID, Status }) => ServiceIntentID === INTENT && Status !== "removed",
      ),
    ),
  );
  const live = useLive(({ connection }) => connection === "live");
  return useMemo(
    () => ({
      operators: namesOf(operators),
      services: namesOf(services),
      intents: namesOf(intents),
      devices: namesOf(devices),
      playing,
      workers,
      instances,
      live,
    }),
    [operators, services, intents, devices, playing, workers, instances, live],
  );
}
