// For forms that stay open when what they change is deleted elsewhere.
import { useRef } from "react";

/** What is there now under the key, or what was there last; nothing without a key. */
export function useKept<T>(key: string | undefined, now: T | undefined): T | undefined {
  const last = useRef<{ key: string; value: T }>(undefined);
  if (key === undefined) last.current = undefined;
  else if (now !== undefined) last.current = { key, value: now };
  return now ?? (last.current?.key === key ? last.current?.value : undefined);
}

/** What a form says about the document as it is now. */
export function elsewhere(gone: boolean, changed: boolean): string | undefined {
  if (gone) return "It was deleted elsewhere since you opened it: saving makes it anew.";
  return changed ? "It was changed elsewhere since you opened it: saving replaces that." : undefined;
}
