// Which layers the user has switched off; remembered on this machine.
import { useMemo } from "react";
import { create } from "zustand";

const KEY = "fogflow.map.hidden";

export const layers = [
  { id: "workers", name: "Workers" },
  { id: "brokers", name: "Brokers" },
  { id: "instances", name: "Task instances" },
  { id: "flows", name: "Flows" },
  { id: "areas", name: "Areas of intents" },
] as const;

export type LayerId = (typeof layers)[number]["id"];
const typeKey = (type: string) => `type ${type}`;

function remembered(): Set<string> {
  try {
    const keys: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(keys) ? keys.map(String) : []);
  } catch {
    return new Set();
  }
}

const useHidden = create<{ hidden: ReadonlySet<string> }>(() => ({ hidden: remembered() }));

function toggle(key: string) {
  const hidden = new Set(useHidden.getState().hidden);
  if (!hidden.delete(key)) hidden.add(key);
  localStorage.setItem(KEY, JSON.stringify([...hidden]));
  useHidden.setState({ hidden });
}

export const toggleLayer = (layer: LayerId) => toggle(layer);
export const toggleType = (type: string) => toggle(typeKey(type));

export function useShown(types: readonly string[]) {
  const hidden = useHidden((state) => state.hidden);
  const key = types.join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: types are the same as long as their names are
  return useMemo(
    () => ({
      workers: !hidden.has("workers"),
      brokers: !hidden.has("brokers"),
      instances: !hidden.has("instances"),
      flows: !hidden.has("flows"),
      areas: !hidden.has("areas"),
      hiddenTypes: new Set(types.filter((type) => hidden.has(typeKey(type)))),
    }),
    [hidden, key],
  );
}
