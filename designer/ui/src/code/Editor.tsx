// The editor itself, in a shadow root: there its styles are adopted sheets, which a strict Content-Security-Policy allows.
import { setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import css from "./CodeEditor.module.css";
import { diagnosticsOf, type Mark } from "./marks";
import { extensions, type Language } from "./setup";

export interface EditorProps {
  label: string;
  value: string;
  language: Language;
  onChange?: (text: string) => void;
  /** Ctrl or ⌘ with Enter. */
  onRun?: () => void;
  marks?: readonly Mark[];
  size?: "tall" | "short";
  invalid?: boolean;
}

const noMarks: Mark[] = [];
const attributes = new Compartment();

const described = (label: string, readOnly: boolean, invalid: boolean) =>
  EditorView.contentAttributes.of({
    "aria-label": label,
    "aria-invalid": String(invalid),
    "aria-readonly": String(readOnly),
    tabindex: "0",
  });

export default function Editor(props: EditorProps) {
  const { label, value, language, marks = noMarks, size = "short", invalid = false } = props;
  const readOnly = !props.onChange;
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: "open" });
    const setup = extensions({
      language,
      readOnly,
      onChange: (text) => text !== latest.current.value && latest.current.onChange?.(text),
      onRun: () => {
        latest.current.onRun?.();
        return Boolean(latest.current.onRun);
      },
    });
    const { value, label, invalid = false } = latest.current;
    const state = EditorState.create({
      doc: value,
      extensions: [setup, attributes.of(described(label, readOnly, invalid))],
    });
    const view = new EditorView({ state, parent: root, root });
    editor.current = view;
    return () => view.destroy();
  }, [language, readOnly]);

  useEffect(() => {
    editor.current?.dispatch({ effects: attributes.reconfigure(described(label, readOnly, invalid)) });
  }, [label, readOnly, invalid]);

  useEffect(() => {
    const view = editor.current;
    if (!view || view.state.doc.toString() === value) return;
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    const view = editor.current;
    if (view && language === "javascript")
      view.dispatch(setDiagnostics(view.state, diagnosticsOf(view.state.doc, marks)));
  }, [marks, language]);

  return (
    <div ref={host} className={css.host} data-size={size} data-readonly={readOnly} data-invalid={invalid} />
  );
}
