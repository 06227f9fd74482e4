import { useMemo } from "react";
import { useFogFunctions, useIntents, useServices } from "@/api/documents";
import { useLive } from "@/api/live";
import { type Deployment, deploymentsOf } from "./deployments";

/** All deployments, as of now; the documents' state says whether they could be read. */
export function useDeployments() {
  const intents = useIntents();
  const functions = useFogFunctions();
  const services = useServices();
  const instances = useLive((live) => live.instances);
  const asked = useMemo(
    () =>
      intents.data &&
      functions.data && {
        intents: intents.data,
        functions: functions.data,
        services: services.data ?? {},
      },
    [intents.data, functions.data, services.data],
  );
  const data: Deployment[] | undefined = useMemo(
    () => asked && deploymentsOf(asked, instances.values()),
    [asked, instances],
  );
  return { data, error: intents.error ?? functions.error };
}
