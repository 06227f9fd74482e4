// Asks before changes are lost by leaving the page, by a link, the browser's history or closing the tab.
import { useCallback, useEffect, useRef, useState } from "react";
import { Button } from "./controls";
import { Dialog } from "./dialog";

/** `dialog` is to be shown; `leave` goes away without being asked, for when all is saved. */
export function useUnsaved(dirty: boolean) {
  const [wanted, setWanted] = useState<string | null>(null);
  const [here] = useState(() => location.hash);
  const asked = useRef(dirty);
  asked.current = dirty;

  useEffect(() => {
    const stay = (event: BeforeUnloadEvent) => asked.current && event.preventDefault();
    const click = (event: MouseEvent) => {
      const link = (event.target as Element | null)?.closest?.("a[href^='#']");
      const other = event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey;
      if (!asked.current || !link || other || link.getAttribute("href") === location.hash) return;
      event.preventDefault();
      setWanted(link.getAttribute("href"));
    };
    const change = (event: HashChangeEvent) => {
      if (!asked.current || location.hash === here) return;
      event.stopImmediatePropagation();
      setWanted(location.hash);
      history.pushState(null, "", here || location.pathname);
    };
    addEventListener("beforeunload", stay);
    addEventListener("hashchange", change, true);
    document.addEventListener("click", click, true);
    return () => {
      removeEventListener("beforeunload", stay);
      removeEventListener("hashchange", change, true);
      document.removeEventListener("click", click, true);
    };
  }, [here]);

  const leave = useCallback((hash: string) => {
    asked.current = false;
    location.hash = hash;
  }, []);

  const dialog = wanted !== null && (
    <Dialog
      title="Leave without saving?"
      onClose={() => setWanted(null)}
      actions={
        <>
          <Button look="danger" onClick={() => leave(wanted)}>
            Leave
          </Button>
          <Button look="primary" onClick={() => setWanted(null)}>
            Stay
          </Button>
        </>
      }
    >
      <p>What you changed here is lost when you leave.</p>
    </Dialog>
  );
  return { dialog, leave };
}
