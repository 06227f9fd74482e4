// Where a text stops being JSON, from the words of the browser that read it.
import type { Diagnostic } from "@codemirror/lint";
import type { Text } from "@codemirror/state";

export function faultsOf(doc: Text): Diagnostic[] {
  const text = doc.toString();
  if (!text.trim()) return [];
  try {
    JSON.parse(text);
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const from = placeOf(text);
    return [{ from, to: from, severity: "error", message }];
  }
}

/** The first character that cannot follow what is before it; messages name it in short texts only, and not in every browser. */
function placeOf(text: string): number {
  let [fine, wrong] = [0, text.length + 1];
  while (wrong - fine > 1) {
    const middle = (fine + wrong) >> 1;
    if (mayGoOn(text.slice(0, middle))) fine = middle;
    else wrong = middle;
  }
  return fine;
}

/** Whether a text is JSON or its beginning. */
function mayGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const position = String(error).match(/position (\d+)/)?.[1];
    return position ? Number(position) >= text.length : /end of (JSON|data)/.test(String(error));
  }
}
