// How numbers, times and names are written, in the viewer's language and zone.

const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const count = (value: number) => (Math.abs(value) < 10_000 ? number : compact).format(value);
export const rate = (value: number | undefined) => (value === undefined ? "–" : `${count(value)}/s`);
export const plural = (value: number, word: string, many = `${word}s`) =>
  `${count(value)} ${value === 1 ? word : many}`;
export const time = (at: number) => clock.format(at);
export const dateTime = (at: number | string) => moment.format(new Date(at));

const steps: [limit: number, divisor: number, unit: string][] = [
  [90, 1, "s"],
  [5_400, 60, "min"],
  [172_800, 3_600, "h"],
  [Number.POSITIVE_INFINITY, 86_400, "d"],
];

/** `12 s`, `4 min`, `3 h`, `2 d`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  const [, divisor, unit] = steps.find(([limit]) => seconds < limit) ?? steps[3]!;
  return `${Math.round(seconds / divisor)} ${unit}`;
}

/** `Worker.edge-3` without what everybody sees: `edge-3`. */
export const siteOf = (id: string) => id.replace(/^(Worker|Broker|Master|Designer)\./, "");

/** A value of an attribute on one line. */
export function shortValue(value: unknown, limit = 80): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}
