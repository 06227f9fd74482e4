// The latest lines of a log, no more than a page can show.

/** Lines kept. */
export const MAX_LINES = 2_000;
const MAX_LENGTH = 4_000;

export interface Line {
  /** Counts all lines ever received. */
  number: number;
  text: string;
}

export interface Log {
  lines: readonly Line[];
  /** The number of the next line. */
  next: number;
}

export const emptyLog: Log = { lines: [], next: 1 };

export function appended(log: Log, texts: readonly string[]): Log {
  const first = log.next;
  const lines = texts.slice(-MAX_LINES).map((text, index) => ({
    number: first + Math.max(0, texts.length - MAX_LINES) + index,
    text: text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text,
  }));
  return { lines: [...log.lines, ...lines].slice(-MAX_LINES), next: first + texts.length };
}

/** Takes what the log says from its start, in place of what was known. */
export const restarted = (log: Log, texts: readonly string[]): Log =>
  appended({ lines: [], next: log.next }, texts);

export function matching(lines: readonly Line[], text: string): readonly Line[] {
  const wanted = text.toLowerCase();
  return wanted ? lines.filter((line) => line.text.toLowerCase().includes(wanted)) : lines;
}

/** A text cut where it matches: every second part is a match. */
export function parts(text: string, search: string): string[] {
  if (!search) return [text];
  const found: string[] = [];
  const [haystack, needle] = [text.toLowerCase(), search.toLowerCase()];
  let from = 0;
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, from)) {
    found.push(text.slice(from, at), text.slice(at, at + needle.length));
    from = at + needle.length;
  }
  return [...found, text.slice(from)];
}
