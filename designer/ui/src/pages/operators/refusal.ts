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

/** What is wrong, and a way to check, send, and say why not. */
export function useFaults() {
  const [faults, setFaults] = useState(none);
  const [busy, setBusy] = useState(false);
  const submit = async (problems: Problems, send: () => Promise<unknown>) => {
    if (problems.size > 0) return setFaults(faultsOf(problems));
    setBusy(true);
    setFaults(none);
    try {
      await send();
    } catch (error) {
      setFaults(refusalOf(error));
    } finally {
      setBusy(false);
    }
  };
  return { ...faults, busy, submit };
}
