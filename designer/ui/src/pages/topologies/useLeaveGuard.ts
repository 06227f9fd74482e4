// Asks before unsaved changes are left, whether by a link, the browser's back button or closing the tab.
import { useCallback, useEffect, useRef, useState } from "react";

export interface LeaveGuard {
  /** The address that was asked for, while the question is open. */
  asked: string | null;
  stay: () => void;
  leave: () => void;
  /** Lets the next change of address pass. */
  pass: () => void;
}

export function useLeaveGuard(isUnsaved: () => boolean): LeaveGuard {
  const [asked, setAsked] = useState<string | null>(null);
  const passing = useRef(false);

  useEffect(() => {
    const unload = (event: BeforeUnloadEvent) => {
      if (isUnsaved()) event.preventDefault();
    };
    // Before the router hears of it, the address is put back; the question says where it was to go.
    const hash = (event: HashChangeEvent) => {
      if (passing.current || !isUnsaved() || !event.oldURL) return;
      event.stopImmediatePropagation();
      const wanted = location.hash;
      history.pushState(null, "", event.oldURL);
      setAsked(wanted);
    };
    addEventListener("beforeunload", unload);
    addEventListener("hashchange", hash, { capture: true });
    return () => {
      removeEventListener("beforeunload", unload);
      removeEventListener("hashchange", hash, { capture: true });
    };
  }, [isUnsaved]);

  const pass = useCallback(() => {
    passing.current = true;
  }, []);
  return {
    asked,
    pass,
    stay: () => setAsked(null),
    leave: () => {
      pass();
      setAsked(null);
      location.hash = asked ?? "";
    },
  };
}
