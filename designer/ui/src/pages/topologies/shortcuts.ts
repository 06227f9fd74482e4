// What keys do in the editor.
import type { Actions } from "./store";

export interface Shortcuts
  extends Pick<
    Actions,
    "undo" | "redo" | "copy" | "paste" | "duplicate" | "remove" | "selectAll" | "arrange"
  > {
  save: () => void;
  connect: () => void;
  fit: () => void;
  settings: () => void;
  back: () => void;
}

interface Key {
  keys: string;
  does: string;
  /** Also while typing in a field. */
  everywhere?: boolean;
  /** Only on the board itself. */
  board?: boolean;
  is: (event: KeyboardEvent) => boolean;
  run: (shortcuts: Shortcuts) => void;
}

const held = (event: KeyboardEvent) => (event.ctrlKey || event.metaKey) && !event.altKey;
const withControl =
  (key: string, shift = false) =>
  (event: KeyboardEvent) =>
    held(event) && event.shiftKey === shift && event.key.toLowerCase() === key;
const plain =
  (...keys: string[]) =>
  (event: KeyboardEvent) =>
    !event.ctrlKey && !event.metaKey && !event.altKey && keys.includes(event.key.toLowerCase());

export const keys: Key[] = [
  { keys: "Ctrl S", does: "Save", everywhere: true, is: withControl("s"), run: (s) => s.save() },
  { keys: "Ctrl Z", does: "Undo", is: withControl("z"), run: (s) => s.undo() },
  {
    keys: "Ctrl Y, Ctrl Shift Z",
    does: "Do again what was undone",
    is: (event) => withControl("y")(event) || withControl("z", true)(event),
    run: (s) => s.redo(),
  },
  { keys: "Ctrl A", does: "Select everything", board: true, is: withControl("a"), run: (s) => s.selectAll() },
  { keys: "Ctrl C", does: "Copy what is selected", board: true, is: withControl("c"), run: (s) => s.copy() },
  {
    keys: "Ctrl X",
    does: "Cut what is selected",
    board: true,
    is: withControl("x"),
    run: (s) => {
      s.copy();
      s.remove();
    },
  },
  { keys: "Ctrl V", does: "Paste", board: true, is: withControl("v"), run: (s) => s.paste() },
  { keys: "Ctrl D", does: "Duplicate what is selected", is: withControl("d"), run: (s) => s.duplicate() },
  {
    keys: "Delete",
    does: "Remove what is selected",
    board: true,
    is: plain("delete", "backspace"),
    run: (s) => s.remove(),
  },
  { keys: "C", does: "Connect the selected node to…", board: true, is: plain("c"), run: (s) => s.connect() },
  { keys: "L", does: "Lay everything out", board: true, is: plain("l"), run: (s) => s.arrange() },
  { keys: "F", does: "Show everything", board: true, is: plain("f"), run: (s) => s.fit() },
  {
    keys: "Enter",
    does: "Settings of the node",
    board: true,
    is: plain("enter"),
    run: (s) => s.settings(),
  },
  {
    keys: "Escape",
    does: "From the settings back to the node; there, select nothing",
    everywhere: true,
    is: (event) => plain("escape")(event) && (event.target as Element).closest("aside") !== null,
    run: (s) => s.back(),
  },
];

/** Keys that the board itself handles. */
export const boardKeys = [
  { keys: "Tab", does: "Next node or line" },
  { keys: "Space", does: "Select the node; with Ctrl in addition to others" },
  { keys: "Arrows", does: "Move what is selected; with Shift further" },
  { keys: "Shift and drag", does: "Select with a frame" },
];

const typing = (target: Element) => target.matches("input, select, textarea");
/** Or on a button of the palette or the tools: what was just added is selected. */
const onBoard = (target: Element) =>
  target.closest("[data-board], [aria-label='Palette'], [role='toolbar']") !== null ||
  target === document.body;

/** Does what the keys say; whether they said anything. */
export function handled(event: KeyboardEvent, shortcuts: Shortcuts): boolean {
  const target = event.target as Element;
  if (document.querySelector("dialog[open]")) return false;
  const key = keys.find((one) => one.is(event));
  if (!key) return false;
  if (typing(target) && !key.everywhere) return false;
  if (event.key === "Enter" && target.matches("a, button")) return false;
  if (key.board && !onBoard(target)) return false;
  key.run(shortcuts);
  return true;
}
