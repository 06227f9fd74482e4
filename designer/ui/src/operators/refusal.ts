// What was wrong with a document, for the form to show.
import { useState } from "react";
import { ApiError, problemOf } from "@/api/http";
import { memberOf, type Problems } from "./operator";

export interface Faults {
  problems: Problems;
  /** What the form as a whole says. */
  text?: string;
}

const none: Faults = { problems: new Map() };

export const faultsOf = (problems: Problems): Faults => ({
  problems,
  text: problems.size === 1 ? "One field needs attention." : `${problems.size} fields need attention.`,
});

/** A refusal of the designer, at the member that it names. */
export function refusalOf(error: unknown): Faults {
  const text = problemOf(error);
  if (!(error instanceof ApiError) || !error.field) return { problems: new Map(), text };
  const member = memberOf(error.field);
  if (member === "$") return { problems: new Map(), text: `The document is refused: ${text}.` };
  return { problems: new Map([[member, text]]), text: `${member || "The document"} ${text}.` };
}

interface Refused {
  /** The draft that was refused. */
  draft: unknown;
  faults: Faults;
}

/**
 * A form's faults: its own once it was to be sent, as they stand while they are mended, and what the designer refused
 * until the draft changes. `attempts` counts how often something was found wrong.
 */
export function useFaults(draft: unknown, own: Problems) {
  const [tried, setTried] = useState(false);
  const [refused, setRefused] = useState<Refused>();
  const [attempts, setAttempts] = useState(0);
  const [busy, setBusy] = useState(false);
  const submit = async (send: () => Promise<unknown>) => {
    setTried(true);
    setRefused(undefined);
    if (own.size > 0) return setAttempts(attempts + 1);
    setBusy(true);
    try {
      await send();
    } catch (error) {
      setRefused({ draft, faults: refusalOf(error) });
      setAttempts(attempts + 1);
    } finally {
      setBusy(false);
    }
  };
  const shown = refused?.draft === draft ? refused?.faults : undefined;
  const faults = shown ?? (tried && own.size > 0 ? faultsOf(own) : none);
  return { ...faults, attempts, busy, submit };
}
