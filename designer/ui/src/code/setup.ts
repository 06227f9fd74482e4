// What the editor can do.
import {
  autocompletion,
  type CompletionContext,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit, StreamLanguage } from "@codemirror/language";
import { javascript, json } from "@codemirror/legacy-modes/mode/javascript";
import { linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { EditorState, type Extension, Prec } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { faultsOf } from "./json";
import { theme } from "./theme";

export type Language = "javascript" | "json";

/** What a function's handler is given. */
const given = [
  { label: "contextEntity", type: "variable", detail: "the entity that was updated" },
  { label: "publish", type: "function", detail: "(entity) writes an entity" },
  { label: "query", type: "function", detail: "(request) brings a list of entities" },
  { label: "subscribe", type: "function", detail: "(request) brings more entities to the handler" },
  { label: "task", type: "variable", detail: "{ id, outputs }" },
  { label: "console", type: "variable", detail: "writes to the instance's log" },
];

function completeGiven(context: CompletionContext) {
  const word = context.matchBefore(/[.\w]*\w/);
  return word && !word.text.includes(".") ? { from: word.from, options: given, validFor: /^\w*$/ } : null;
}

/** The modes' own name for a token that the editor does not know by it. */
const tokenTable = { property: tags.propertyName };

/** Tokens are enough to colour code, and come in a tenth of what a parser of the language does. */
const tokens = {
  javascript: StreamLanguage.define({ ...javascript, tokenTable }),
  json: StreamLanguage.define({ ...json, tokenTable }),
};

const languages: Record<Language, Extension> = {
  javascript: [tokens.javascript, tokens.javascript.data.of({ autocomplete: completeGiven })],
  json: [tokens.json, linter((view) => faultsOf(view.state.doc))],
};

const editing = [
  history(),
  drawSelection(),
  indentOnInput(),
  closeBrackets(),
  autocompletion({ icons: false }),
  highlightActiveLineGutter(),
];

/** For so long after Escape, Tab moves on instead of indenting. */
const LEAVE_MS = 3_000;

function letTabLeave(event: KeyboardEvent, view: EditorView) {
  if (event.key === "Escape") view.setTabFocusMode(LEAVE_MS);
}

interface Setup {
  language: Language;
  readOnly: boolean;
  /** Ctrl or ⌘ with Enter. */
  onRun: () => boolean;
  onChange: (text: string) => void;
}

export function extensions({ language, readOnly, onRun, onChange }: Setup): Extension[] {
  return [
    lineNumbers(),
    lintGutter(),
    highlightSpecialChars(),
    bracketMatching(),
    indentUnit.of("  "),
    EditorState.tabSize.of(2),
    EditorView.lineWrapping,
    languages[language],
    theme,
    readOnly ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : editing,
    Prec.highest(keymap.of([{ key: "Mod-Enter", run: onRun }])),
    EditorView.domEventObservers({ keydown: letTabLeave }),
    keymap.of([
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...historyKeymap,
      ...completionKeymap,
      ...lintKeymap,
      ...(readOnly ? [] : [indentWithTab]),
    ]),
    EditorView.updateListener.of((update) => update.docChanged && onChange(update.state.doc.toString())),
  ];
}
