// What a simulated device sends: plain values in, plain values out, so that a seed repeats it exactly.
import type { Attribute, Element, Point } from "@/api/types";
import { element, locationOf } from "@/entities/ngsi10";
import { numeric } from "@/entities/values";
import { destination, distanceM, placed } from "@/map/geometry";

export const shapes = ["walk", "sine", "constant"] as const;
export type Shape = (typeof shapes)[number];

export const shapeNames: Record<Shape, string> = {
  walk: "random walk",
  sine: "sine wave",
  constant: "constant",
};

export interface Series {
  name: string;
  type: string;
  shape: Shape;
  low: number;
  high: number;
  /** Of a sine wave. */
  periodS: number;
}

export interface Settings {
  intervalS: number;
  series: Series[];
  /** How far it strays from its place; 0 to stay. */
  radiusM: number;
}

export interface State {
  values: Record<string, number>;
  place: Point | null;
}

export const MIN_INTERVAL_S = 0.2;
export const MAX_INTERVAL_S = 60;
const MAX_RADIUS_M = 100_000;
/** A step of a random walk, as a part of the range. */
const STEP = 0.06;

/** The mulberry32 generator: small, fast, and the same everywhere. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Settings to start from: each number around the value it has, counts not below zero. */
export function defaultSettings(attributes: Attribute[]): Settings {
  const series = attributes.flatMap(({ name, type = "float", value }) => {
    const number = numeric(value);
    if (number === undefined) return [];
    const spread = Math.max(type.toLowerCase() === "integer" ? 5 : 1, Math.abs(number) * 0.25);
    const [low, high] = [
      round(number >= 0 ? Math.max(0, number - spread) : number - spread),
      round(number + spread),
    ];
    return [{ name, type, shape: "walk" as const, low, high, periodS: 60 }];
  });
  return { intervalS: 2, series, radiusM: 0 };
}

export function firstState(settings: Settings, attributes: Attribute[], place: Point | null): State {
  const values: State["values"] = {};
  for (const series of settings.series) {
    const known = numeric(attributes.find(({ name }) => name === series.name)?.value);
    const middle = (series.low + series.high) / 2;
    values[series.name] = known !== undefined && known >= series.low && known <= series.high ? known : middle;
  }
  return { values, place };
}

/** What comes next, so many seconds after the start. */
export function nextState(
  settings: Settings,
  state: State,
  elapsedS: number,
  random: () => number,
  home: Point | null,
): State {
  const values: State["values"] = {};
  for (const series of settings.series) {
    values[series.name] = nextValue(series, state.values[series.name] ?? series.low, elapsedS, random);
  }
  return { values, place: nextPlace(settings.radiusM, state.place, random, home) };
}

function nextValue(series: Series, value: number, elapsedS: number, random: () => number): number {
  const { shape, low, high, periodS, type } = series;
  const exact = {
    walk: () => reflected(value + (random() * 2 - 1) * STEP * (high - low), low, high),
    sine: () => (low + high) / 2 + ((high - low) / 2) * Math.sin((2 * Math.PI * elapsedS) / periodS),
    constant: () => low,
  }[shape]();
  return type.toLowerCase() === "integer" && shape !== "walk" ? Math.round(exact) : round(exact);
}

const round = (value: number) => Number(value.toFixed(3));

function reflected(value: number, low: number, high: number): number {
  const inside = value < low ? 2 * low - value : value > high ? 2 * high - value : value;
  return Math.max(low, Math.min(high, inside));
}

/** A tenth of the way in any direction, and back when it has strayed too far. */
function nextPlace(
  radiusM: number,
  place: Point | null,
  random: () => number,
  home: Point | null,
): Point | null {
  if (!home || !place || radiusM <= 0) return place;
  const there = destination(place, radiusM * 0.1, random() * 360);
  if (distanceM(home, there) <= radiusM) return placed(there.latitude, there.longitude);
  return placed((place.latitude * 9 + home.latitude) / 10, (place.longitude * 9 + home.longitude) / 10);
}

/** The update to send. A whole number walks in fractions and is sent rounded. */
export function updateOf(device: { id: string; type: string }, settings: Settings, state: State): Element {
  const attributes = settings.series.map(({ name, type }) => {
    const value = state.values[name] ?? 0;
    return { name, type, value: type.toLowerCase() === "integer" ? Math.round(value) : value };
  });
  const moved = state.place && settings.radiusM > 0 ? [locationOf(state.place)] : undefined;
  return element(device, attributes, moved);
}

export type SettingsProblems = Record<string, string>;

/** What is wrong, by `interval`, `radius`, or `<attribute>.low|high|period`. */
export function settingsProblems({ intervalS, series, radiusM }: Settings): SettingsProblems {
  const problems: SettingsProblems = {};
  if (!(intervalS >= MIN_INTERVAL_S && intervalS <= MAX_INTERVAL_S)) {
    problems.interval = `Between ${MIN_INTERVAL_S} and ${MAX_INTERVAL_S} seconds.`;
  }
  if (!(radiusM >= 0 && radiusM <= MAX_RADIUS_M)) problems.radius = "Between 0 and 100 000 metres.";
  for (const { name, shape, low, high, periodS } of series) {
    if (!Number.isFinite(low)) problems[`${name}.low`] = "Write a number.";
    if (shape === "constant") continue;
    if (!(high > low)) problems[`${name}.high`] = "Must be more than the lowest.";
    if (shape === "sine" && !(periodS > 0)) problems[`${name}.period`] = "More than 0 seconds.";
  }
  return problems;
}
