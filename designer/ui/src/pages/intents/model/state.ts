// How an intent stands, from the task instances that came of it.
import type { Instance, InstanceStatus } from "@/api/types";

export type Counts = Partial<Record<InstanceStatus, number>>;

export function countsByIntent(instances: Iterable<Instance>): Map<string, Counts> {
  const all = new Map<string, Counts>();
  for (const { ServiceIntentID, Status } of instances) {
    if (Status === "removed") continue;
    const counts = all.get(ServiceIntentID) ?? {};
    counts[Status] = (counts[Status] ?? 0) + 1;
    all.set(ServiceIntentID, counts);
  }
  return all;
}

export const total = (counts: Counts | undefined) =>
  Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);
