// The code editor; what it is made of is loaded when one is first shown.
import { lazy, Suspense, useId } from "react";
import css from "./CodeEditor.module.css";
import type { EditorProps } from "./Editor";

const Editor = lazy(() => import("./Editor"));

export type { Mark } from "./marks";

interface Props extends Omit<EditorProps, "invalid"> {
  hint?: string;
  /** What is wrong with the whole text, if anything. */
  problem?: string;
}

/** An editor with its label, hint and problem. It cannot be changed without `onChange`. */
export function CodeEditor({ hint, problem, ...editor }: Props) {
  const id = useId();
  return (
    <div className={css.field} role="group" aria-labelledby={id}>
      <div className={css.label} id={id}>
        {editor.label}
      </div>
      <Suspense fallback={<div className={css.loading} role="status" aria-label="Loading the editor" />}>
        <Editor {...editor} invalid={Boolean(problem)} />
      </Suspense>
      <div className={css.hint}>
        {hint} {editor.onChange && <span className={css.keys}>Tab indents; Escape, then Tab, leaves.</span>}
      </div>
      {problem && (
        <div className={css.problem} role="alert">
          {problem}
        </div>
      )}
    </div>
  );
}
