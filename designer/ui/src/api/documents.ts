// The lists of documents the designer keeps: fetched once, and again when the live stream says that they changed.
import { QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { get } from "./http";
import { useLive } from "./live";
import type {
  DocumentKind,
  Element,
  FogFunction,
  Intent,
  Operator,
  Revisions,
  Service,
  Settings,
  SubscriptionInfo,
} from "./types";

/** The designer may run on this very machine: that the browser has no network is no reason to wait. */
const networkMode = "always";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { networkMode, staleTime: Number.POSITIVE_INFINITY, retry: 1, refetchOnWindowFocus: false },
    mutations: { networkMode },
  },
});

/** Documents by name, where names such as `constructor` and `__proto__` are names like any other. */
const byName = <T>(answer: Record<string, T>): Record<string, T> =>
  Object.assign(Object.create(null), answer);

function useDocuments<T>(kind: DocumentKind) {
  return useQuery({
    queryKey: [kind],
    queryFn: async () => byName(await get<Record<string, T>>(`/${kind}`)),
    structuralSharing: false,
  });
}

export const useOperators = () => useDocuments<Operator>("operator");
export const useServices = () => useDocuments<Service>("service");
export const useIntents = () => useDocuments<Intent>("intent");
export const useFogFunctions = () => useDocuments<FogFunction>("fogfunction");
export const useDevices = () => useDocuments<Record<string, unknown>>("device");
export const useOwnSubscriptions = () => useDocuments<Record<string, unknown>>("subscription");

export const useSettings = () =>
  useQuery({ queryKey: ["settings"], queryFn: () => get<Settings>("/info/settings") });

/** Every entity type known, with how many entities it has. */
export function useTypes() {
  const types = useLive((live) => live.history.at(-1)?.types);
  return types ?? {};
}

export const useSubscriptions = () =>
  useQuery({ queryKey: ["subscriptions"], queryFn: () => get<SubscriptionInfo[]>("/info/subscription") });

export interface EntityPage {
  total: number;
  entities: Element[];
}

/** Fetches lists again whose revision has risen. */
export function useFreshDocuments() {
  const client = useQueryClient();
  const revisions = useLive((live) => live.revisions);
  const known = useRef<Revisions | null>(null);
  useEffect(() => {
    if (!revisions) return;
    for (const [kind, revision] of Object.entries(revisions)) {
      if (known.current && known.current[kind as DocumentKind] !== revision) {
        void client.invalidateQueries({ queryKey: [kind] });
      }
    }
    known.current = revisions;
  }, [revisions, client]);
}

/** A change to documents of a kind; their list is fetched again when it is done. */
export function useChange<Input, Output = unknown>(
  kind: DocumentKind,
  change: (input: Input) => Promise<Output>,
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => client.invalidateQueries({ queryKey: [kind] }),
  });
}
