// Unsaved work, kept in this browser until it is saved or thrown away.
import type { Drawing } from "./document";

const PREFIX = "fogflow.topology.";
const MAX_DRAFTS = 10;
const MAX_CHARS = 500_000;

export interface Draft {
  at: number;
  drawing: Drawing;
}

/** Keeps a draft; false when it is too large or the browser has no room. */
export function keepDraft(name: string, drawing: Drawing, at: number): boolean {
  const text = JSON.stringify({ at, drawing } satisfies Draft);
  if (text.length > MAX_CHARS) return false;
  try {
    localStorage.setItem(PREFIX + name, text);
  } catch {
    return false;
  }
  for (const { key } of all().slice(MAX_DRAFTS)) localStorage.removeItem(key);
  return true;
}

export const dropDraft = (name: string) => localStorage.removeItem(PREFIX + name);

export const draftOf = (name: string): Draft | undefined => parsed(localStorage.getItem(PREFIX + name));

/** Every draft, the newest first. */
function all() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  return keys
    .map((key) => ({ key, at: parsed(localStorage.getItem(key))?.at ?? 0 }))
    .toSorted((a, b) => b.at - a.at);
}

function parsed(text: string | null): Draft | undefined {
  try {
    const draft = JSON.parse(text ?? "null") as Draft | null;
    const whole = draft && Array.isArray(draft.drawing?.nodes) && Array.isArray(draft.drawing.edges);
    return whole && draft.drawing.rest ? draft : undefined;
  } catch {
    return undefined;
  }
}
