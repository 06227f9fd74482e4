// Asks before changes are lost by leaving the page, by a link, the browser's history or closing the tab.
import { useCallback, useEffect, useRef, useState } from "react";
import { hold } from "@/app/router";
import { Button } from "./controls";
import { Dialog } from "./dialog";

/** The page that a click leads to in this tab. */
function linkOf(event: MouseEvent): string | null | undefined {
  const elsewhere = event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey;
  return elsewhere ? null : (event.target as Element | null)?.closest?.("a[href^='#']")?.getAttribute("href");
}

/**
 * `dialog` is to be shown; `leave` goes away without being asked, for when all is saved. A page that keeps a draft says
 * how it is thrown away.
 */
export function useUnsaved(dirty: boolean, discardDraft?: () => void) {
  const [wanted, setWanted] = useState<string | null>(null);
  const release = useRef<() => void>(undefined);

  useEffect(() => {
    if (!dirty) return;
    const letGo = hold(setWanted);
    const stay = (event: BeforeUnloadEvent) => event.preventDefault();
    const follow = (event: MouseEvent) => {
      const href = linkOf(event);
      if (!href || href === location.hash) return;
      event.preventDefault();
      setWanted(href);
    };
    addEventListener("beforeunload", stay);
    document.addEventListener("click", follow, true);
    release.current = () => {
      letGo();
      removeEventListener("beforeunload", stay);
      document.removeEventListener("click", follow, true);
    };
    return release.current;
  }, [dirty]);

  const leave = useCallback((hash: string) => {
    release.current?.();
    setWanted(null);
    location.hash = hash;
  }, []);

  const dialog = wanted !== null && (
    <Dialog
      title="Leave without saving?"
      onClose={() => setWanted(null)}
      actions={
        <>
          <Button
            look="danger"
            onClick={() => {
              discardDraft?.();
              leave(wanted);
            }}
          >
            {discardDraft ? "Throw the changes away" : "Leave"}
          </Button>
          {discardDraft && <Button onClick={() => leave(wanted)}>Leave and keep a draft</Button>}
          <Button look="primary" onClick={() => setWanted(null)}>
            Stay
          </Button>
        </>
      }
    >
      <p>
        {discardDraft
          ? "What you changed is not saved. A draft of it can stay in this browser until you come back."
          : "What you changed here is lost when you leave."}
      </p>
    </Dialog>
  );
  return { dialog, leave };
}
