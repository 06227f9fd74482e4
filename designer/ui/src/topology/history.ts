// What can be undone, and done again.
const MAX_STEPS = 100;

export interface History<T> {
  past: readonly T[];
  present: T;
  future: readonly T[];
  /** What the last step was; a further step of the same kind, such as typing on in a field, joins it. */
  step?: string;
}

export const begun = <T>(present: T): History<T> => ({ past: [], present, future: [] });

export function stepped<T>(history: History<T>, next: T, step?: string): History<T> {
  if (next === history.present) return history;
  const joins = step !== undefined && step === history.step && history.past.length > 0;
  const past = joins ? history.past : [...history.past, history.present].slice(-MAX_STEPS);
  return { past, present: next, future: [], step };
}

export function undone<T>(history: History<T>): History<T> {
  const previous = history.past.at(-1);
  if (previous === undefined) return history;
  return { past: history.past.slice(0, -1), present: previous, future: [history.present, ...history.future] };
}

export function redone<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: next, future };
}
