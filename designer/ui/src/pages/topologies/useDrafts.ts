// Keeps what is not saved yet as a draft in this browser, and offers it on return.
import { useEffect, useRef, useState } from "react";
import type { Drawing } from "@/topology/document";
import { type Draft, draftOf, dropDraft, keepDraft } from "@/topology/drafts";
import { actionsOf, type EditorStore, isDirty } from "./store";

const SETTLE_MS = 500;

const same = (a: Drawing, b: Drawing) => JSON.stringify(a) === JSON.stringify(b);

export interface Drafts {
  /** A draft from before, until it is taken or thrown away. */
  offered: Draft | undefined;
  take: () => void;
  discard: () => void;
  /** Throws away what is kept, and does not keep the drawing as it is. */
  forget: () => void;
  /** Why changes are not kept as a draft, if they are not. */
  tooLarge: boolean;
}

export function useDrafts(store: EditorStore, name: string): Drafts {
  const [tooLarge, setTooLarge] = useState(false);
  const forgotten = useRef<Drawing>(null);
  const [offered, setOffered] = useState<Draft | undefined>(() => {
    const draft = draftOf(name);
    return draft && !same(draft.drawing, store.getState().history.present) ? draft : undefined;
  });

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const keep = () => {
      clearTimeout(timer);
      timer = undefined;
      const editor = store.getState();
      if (editor.history.present === forgotten.current) return;
      if (isDirty(editor)) setTooLarge(!keepDraft(name, editor.history.present, Date.now()));
      else dropDraft(name);
    };
    const flush = () => timer !== undefined && keep();
    const stop = store.subscribe((now, before) => {
      if (now.history.present === before.history.present && now.saved === before.saved) return;
      clearTimeout(timer);
      timer = setTimeout(keep, SETTLE_MS);
    });
    addEventListener("pagehide", flush);
    return () => {
      stop();
      flush();
      removeEventListener("pagehide", flush);
    };
  }, [store, name]);

  return {
    offered,
    tooLarge,
    take: () => {
      if (offered) actionsOf(store).replace(offered.drawing, "The draft was taken over.");
      setOffered(undefined);
    },
    discard: () => {
      dropDraft(name);
      setOffered(undefined);
    },
    forget: () => {
      forgotten.current = store.getState().history.present;
      dropDraft(name);
    },
  };
}
