// The state of one editor: the drawing with its history, and what is selected in it.
import { createContext, useContext } from "react";
import { createStore, type StoreApi, useStore } from "zustand";
import { type Link, refusal } from "@/topology/connect";
import { type Drawing, isTask, nodeOf } from "@/topology/document";
import {
  added,
  type Clip,
  connected,
  copied,
  moved,
  newStream,
  newTask,
  pasted,
  removed,
  type Spot,
} from "@/topology/edit";
import { begun, type History, redone, stepped, undone } from "@/topology/history";
import { arranged } from "@/topology/layout";
import type { Problem } from "@/topology/problems";

export interface Selection {
  nodes: ReadonlySet<string>;
  edges: ReadonlySet<string>;
}

export const nothing: Selection = { nodes: new Set(), edges: new Set() };

export interface Editor {
  history: History<Drawing>;
  selection: Selection;
  /** The drawing as the service has it; nothing when it was never saved. */
  saved: Drawing | null;
  /** What the service refused about the drawing as it is. */
  refused: Problem | null;
  /** What was just done, for screen readers. */
  said: string;
  /** Counts how often the focus was sent to the settings of what is selected. */
  settings: number;
}

export type EditorStore = StoreApi<Editor>;

export const createEditor = (drawing: Drawing, saved: Drawing | null): EditorStore =>
  createStore<Editor>(() => ({
    history: begun(drawing),
    selection: nothing,
    saved,
    refused: null,
    said: "",
    settings: 0,
  }));

export const EditorContext = createContext<EditorStore | null>(null);

export function useEditorStore(): EditorStore {
  const store = useContext(EditorContext);
  if (!store) throw new Error("There is no editor around this.");
  return store;
}

export function useEditor<T>(select: (editor: Editor) => T): T {
  return useStore(useEditorStore(), select);
}

export const useDrawing = () => useEditor((editor) => editor.history.present);

export const isDirty = ({ history, saved }: Editor) => history.present !== saved;

const only = (ids: ReadonlySet<string>, there: ReadonlySet<string>) =>
  new Set([...ids].filter((id) => there.has(id)));

/** What was copied last; also pasted into other topologies. */
let clip: Clip | null = null;
let pastes = 0;
const ASIDE = 32;

export const actions = (store: EditorStore) => {
  const drawing = () => store.getState().history.present;
  const selection = () => store.getState().selection;

  const change = (next: Drawing, said: string, more: { step?: string; selection?: Selection } = {}) => {
    const { history, selection: before } = store.getState();
    if (next === history.present) return;
    store.setState({
      history: stepped(history, next, more.step),
      selection: more.selection ?? before,
      refused: null,
      said,
    });
  };

  const travel = (history: History<Drawing>, said: string) => {
    if (history === store.getState().history) return;
    const there = new Set(history.present.nodes.map((node) => node.id));
    const lines = new Set(history.present.edges.map((edge) => edge.id));
    store.setState({
      history,
      selection: {
        nodes: only(selection().nodes, there),
        edges: only(selection().edges, lines),
      },
      refused: null,
      said,
    });
  };

  const put = ([next, ids]: [Drawing, Set<string>], said: string) =>
    change(next, said, { selection: { nodes: ids, edges: new Set() } });

  const add = (node: Parameters<typeof added>[1], at: Spot, said: string) => {
    const [next, id] = added(drawing(), node, at);
    put([next, new Set([id])], said);
    return id;
  };

  return {
    change,
    select: (next: Selection) => store.setState({ selection: next }),
    /** Selects a node and goes to its settings. */
    edit: (node: string) =>
      store.setState(({ settings }) => ({
        selection: { nodes: new Set([node]), edges: new Set() },
        settings: settings + 1,
      })),
    selectAll: () =>
      store.setState({
        selection: { nodes: new Set(drawing().nodes.map((node) => node.id)), edges: new Set() },
      }),
    addTask: (operator: string, at: Spot) => add(newTask(drawing(), operator), at, `Task ${operator} added.`),
    addStream: (type: string, at: Spot) => add(newStream(type), at, `Stream ${type} added.`),
    /** Draws a line; gives the reason when it makes no sense. */
    connect(link: Link): string | undefined {
      const reason = refusal(drawing(), link);
      if (!reason) change(connected(drawing(), link), `Connected to ${nameOf(drawing(), link.to)}.`);
      return reason;
    },
    move: (places: ReadonlyMap<string, Spot>, step?: string) =>
      change(moved(drawing(), places), "Moved.", { step }),
    remove() {
      const { nodes, edges } = selection();
      if (!nodes.size && !edges.size) return;
      const said = nodes.size ? `${nodes.size} removed.` : "Line removed.";
      change(removed(drawing(), nodes, edges), said, { selection: nothing });
    },
    copy() {
      if (!selection().nodes.size) return;
      clip = copied(drawing(), selection().nodes);
      pastes = 0;
      store.setState({ said: `${clip.nodes.length} copied.` });
    },
    paste() {
      if (clip) put(pasted(drawing(), clip, ASIDE * ++pastes), `${clip.nodes.length} pasted.`);
    },
    duplicate() {
      if (!selection().nodes.size) return;
      put(pasted(drawing(), copied(drawing(), selection().nodes), ASIDE), "Duplicated.");
    },
    undo: () => travel(undone(store.getState().history), "Undone."),
    redo: () => travel(redone(store.getState().history), "Done again."),
    arrange: () => change(arranged(drawing()), "Laid out."),
    /** Takes over another drawing, such as an imported file or a draft. */
    replace: (next: Drawing, said: string) => change(next, said, { selection: nothing }),
    keep: (saved: Drawing) => store.setState({ saved, refused: null }),
    refuse: (refused: Problem) => store.setState({ refused }),
  };
};

export type Actions = ReturnType<typeof actions>;

const known = new WeakMap<EditorStore, Actions>();

export function actionsOf(store: EditorStore): Actions {
  const found = known.get(store) ?? actions(store);
  known.set(store, found);
  return found;
}

export const useActions = () => actionsOf(useEditorStore());

function nameOf(drawing: Drawing, id: string): string {
  const node = nodeOf(drawing, id);
  if (!node) return "";
  return isTask(node) ? `task ${node.name}` : "the stream";
}
