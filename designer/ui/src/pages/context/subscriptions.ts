// What a subscription asks for and how it fares, in words.
import type { SubscriptionInfo } from "@/api/types";

/** What it selects: types, or identifiers, or patterns. */
export function subject({ request }: SubscriptionInfo): string {
  const parts = request.entities.map(({ id, type, isPattern }) => {
    if (id && !isPattern) return id;
    const pattern = isPattern && id && id !== ".*" ? ` matching ${id}` : "";
    return `${type ? `every ${type}` : "every entity"}${pattern}`;
  });
  return parts.join(", ") || "every entity";
}

export const attributesOf = ({ request }: SubscriptionInfo): string =>
  request.attributes?.length ? request.attributes.join(", ") : "all attributes";

/** The task instance that is notified: a task subscribes with its identifier as correlator. */
export const taskOf = ({ correlator }: SubscriptionInfo): string | undefined =>
  correlator?.startsWith("Task.") ? correlator : undefined;

/** The designer whose dashboards follow what is subscribed to; they hold such subscriptions while somebody looks. */
export const followerOf = ({ correlator }: SubscriptionInfo): string | undefined =>
  correlator?.match(/^(Designer\..+)\.live$/)?.[1];

export type Keeper = "designer" | "task" | "dashboard" | "other";

/** Who looks after it: what the designer keeps is deleted there, and a task's comes back while it runs. */
export function keeperOf(subscription: SubscriptionInfo, own: Record<string, unknown>): Keeper {
  if (subscription.id in own) return "designer";
  if (followerOf(subscription)) return "dashboard";
  return taskOf(subscription) ? "task" : "other";
}

export interface Selection {
  search: string;
  failing: boolean;
}

/** Failing ones first, then by what they select. */
export function selected(
  subscriptions: SubscriptionInfo[],
  { search, failing }: Selection,
): SubscriptionInfo[] {
  const words = search.trim().toLowerCase();
  const shown = subscriptions.filter(
    (subscription) =>
      (!failing || subscription.status === "failing") && (!words || isFound(subscription, words)),
  );
  const bad = ({ status }: SubscriptionInfo) => Number(status !== "failing");
  return shown.sort(
    (a, b) => bad(a) - bad(b) || subject(a).localeCompare(subject(b), undefined, { numeric: true }),
  );
}

function isFound(subscription: SubscriptionInfo, words: string): boolean {
  const { id, broker, correlator = "", request } = subscription;
  const texts = [
    id,
    broker,
    correlator,
    request.reference,
    subject(subscription),
    attributesOf(subscription),
  ];
  return texts.some((text) => text.toLowerCase().includes(words));
}
