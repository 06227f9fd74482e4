// What a plot shows, apart from how it is drawn.
import { dateTime, time } from "./format";

export type Value = number | null;

export interface Series {
  name: string;
  /** A colour of tokens.css, such as `--chart-1`. */
  colour: `--${string}`;
  /** One for each time; null where nothing is known. */
  values: Value[];
}

export type Format = (value: number) => string;

/** The sums up to each series, for areas that lie on top of each other; the first series is at the bottom. */
export function stacked(series: readonly Series[]): Value[][] {
  const sums: Value[][] = [];
  for (const { values } of series) {
    const below = sums.at(-1);
    sums.push(values.map((value, index) => (value === null ? null : value + (below?.[index] ?? 0))));
  }
  return sums;
}

/** How far the scale of values reaches. */
export function valueRange(min: Value, max: Value, fromZero: boolean): [number, number] {
  const low = fromZero ? Math.min(0, min ?? 0) : (min ?? 0);
  const high = max ?? 0;
  const room = (high - low) * 0.08 || Math.abs(high) * 0.08 || 1;
  return [low === 0 || fromZero ? low : low - room, high + room];
}

/** How far the scale of times reaches: a fixed span up to the latest time, or just what is there. */
export function timeRange(first: Value, last: Value, spanMs?: number): [number, number] {
  const end = last ?? 0;
  const start = spanMs === undefined ? (first ?? end) : end - spanMs;
  return start < end ? [start, end] : [end - 1_000, end];
}

const minutes = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const days = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const DAY_MS = 86_400_000;

/** Labels of the time axis, as fine as the distance between them asks for. */
export function timeLabels(splits: readonly number[]): string[] {
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  if (step >= DAY_MS) return splits.map((at) => days.format(at));
  return splits.map((at) => (step < 60_000 ? time(at) : minutes.format(at)));
}

/** A time next to the latest one: the day is said only when it is another. */
export const moment = (at: number, latest: number) => (latest - at < DAY_MS ? time(at) : dateTime(at));

const known = (values: readonly Value[]) => values.filter((value) => value !== null);

/** What a plot shows, in words. */
export function summary(series: readonly Series[], format: Format): string {
  return series.map((one) => `${one.name}: ${extent(known(one.values), format)}.`).join(" ");
}

function extent(values: readonly number[], format: Format): string {
  const last = values.at(-1);
  if (last === undefined) return "nothing known";
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  return `last ${format(last)}, lowest ${format(low)}, highest ${format(high)}`;
}

/** The values at one moment, in words. */
export function readout(series: readonly Series[], index: number, format: Format): string {
  return series.map((one) => `${one.name} ${shown(one.values[index], format)}`).join(", ");
}

export const shown = (value: Value | undefined, format: Format) =>
  value === null || value === undefined ? "–" : format(value);
