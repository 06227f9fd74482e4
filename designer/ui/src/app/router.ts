// Where the user is, kept in the address after `#`: `#/running/ServiceIntent.1?tab=log`.
import { useMemo, useSyncExternalStore } from "react";

export interface Place {
  page: string;
  /** What follows the page, decoded. */
  rest: string[];
  query: URLSearchParams;
}

export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", ...rest] = path.split("/").map(decoded);
  return { page, rest: rest.filter(Boolean), query: new URLSearchParams(query) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function hashOf(
  page: string,
  rest: string[] = [],
  query: Record<string, string | undefined> = {},
): string {
  const path = [page, ...rest].map(encodeURIComponent).join("/");
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const search = new URLSearchParams(given).toString();
  return `#/${path}${search ? `?${search}` : ""}`;
}

export function go(page: string, rest?: string[], query?: Record<string, string | undefined>) {
  location.hash = hashOf(page, rest, query);
}

/**
 * Tells later whether the address is still what it is now. What took a while, such as saving, leads on to another page
 * only then: whoever has gone elsewhere meanwhile stays there.
 */
export function fromHere(): () => boolean {
  const here = location.hash;
  return () => location.hash === here;
}

/** Changes the address without a step in the history. */
export function replace(page: string, rest?: string[], query?: Record<string, string | undefined>) {
  history.replaceState(null, "", hashOf(page, rest, query));
  if (held !== null) held = location.hash;
  dispatchEvent(new HashChangeEvent("hashchange"));
}

/** The place that stays shown until leaving it is agreed to; null when the address alone decides. */
let held: string | null = null;

/** Keeps showing this place when the address changes, and tells which was wanted; answers how to let go. */
export function hold(ask: (wanted: string) => void): () => void {
  held = location.hash;
  const changed = () => {
    const wanted = location.hash;
    if (held === null || wanted === held) return;
    history.pushState(null, "", held || location.pathname);
    ask(wanted);
  };
  addEventListener("hashchange", changed);
  return () => {
    held = null;
    removeEventListener("hashchange", changed);
  };
}

const subscribe = (changed: () => void) => {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
};

export function usePlace(): Place {
  const hash = useSyncExternalStore(subscribe, () => held ?? location.hash);
  return useMemo(() => placeOf(hash), [hash]);
}
