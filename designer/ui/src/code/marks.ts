// Marks at lines, as the editor's diagnostics.
import type { Diagnostic } from "@codemirror/lint";
import type { Text } from "@codemirror/state";

/** What is wrong at a line; lines and columns count from 1. */
export interface Mark {
  line: number;
  column?: number;
  message: string;
}

/** Where each mark is in the text; one beyond its end is put on the last line. */
export function diagnosticsOf(text: Text, marks: readonly Mark[]): Diagnostic[] {
  return marks.map(({ line, column = 1, message }) => {
    const { from, to } = text.line(Math.min(Math.max(1, line), text.lines));
    const start = Math.min(from + Math.max(0, column - 1), to);
    return { from: start === to ? from : start, to, severity: "error", message };
  });
}
