// The task instances of fog functions.
import type { Instance } from "@/api/types";

export interface Counted {
  running: number;
  /** Each other status there is, with its number. */
  others: [status: string, count: number][];
}

/** Which instances each intent has. */
export function byIntent(instances: ReadonlyMap<string, Instance>): Map<string, Instance[]> {
  const found = new Map<string, Instance[]>();
  for (const instance of instances.values()) {
    if (instance.Status === "removed") continue;
    const list = found.get(instance.ServiceIntentID);
    if (list) list.push(instance);
    else found.set(instance.ServiceIntentID, [instance]);
  }
  return found;
}

export function counted(instances: readonly Instance[]): Counted {
  const counts = new Map<string, number>();
  for (const { Status } of instances) counts.set(Status, (counts.get(Status) ?? 0) + 1);
  const running = counts.get("running") ?? 0;
  counts.delete("running");
  return { running, others: [...counts].toSorted() };
}
