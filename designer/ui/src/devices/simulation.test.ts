import { describe, expect, test } from "vitest";
import { distanceM } from "@/map/geometry";
import {
  defaultSettings,
  firstState,
  nextState,
  type Settings,
  type State,
  seeded,
  settingsProblems,
  updateOf,
} from "./simulation";

const home = { latitude: 49.41, longitude: 8.69 };
const settings: Settings = {
  intervalS: 1,
  radiusM: 500,
  series: [
    { name: "temperature", type: "float", shape: "walk", low: 10, high: 20, periodS: 60 },
    { name: "sun", type: "float", shape: "sine", low: -1, high: 1, periodS: 60 },
    { name: "people", type: "integer", shape: "walk", low: 0, high: 5, periodS: 60 },
    { name: "fixed", type: "integer", shape: "constant", low: 7, high: 0, periodS: 60 },
  ],
};

function run(seed: number, steps: number): State[] {
  const random = seeded(seed);
  const states = [firstState(settings, [], home)];
  for (let at = 1; at <= steps; at += 1) states.push(nextState(settings, states.at(-1)!, at, random, home));
  return states;
}

describe("a simulated device", () => {
  test("repeats itself with the same seed only", () => {
    expect(run(1, 50)).toEqual(run(1, 50));
    expect(run(1, 50)).not.toEqual(run(2, 50));
  });

  test("stays within its bounds and its radius, and uses them", () => {
    const states = run(3, 2_000);
    const temperatures = states.map(({ values }) => values.temperature!);
    expect(Math.min(...temperatures)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...temperatures)).toBeLessThanOrEqual(20);
    expect(Math.max(...temperatures) - Math.min(...temperatures)).toBeGreaterThan(8);
    const far = Math.max(...states.map(({ place }) => distanceM(home, place!)));
    expect(far).toBeLessThanOrEqual(501);
    expect(far).toBeGreaterThan(200);
  });

  test("a sine wave has its period", () => {
    const states = run(1, 60);
    expect(states[15]!.values.sun).toBeCloseTo(1);
    expect(states[45]!.values.sun).toBeCloseTo(-1);
  });

  test("whole numbers are sent as whole numbers, and do move", () => {
    const sent = run(5, 500).map((state) => updateOf({ id: "d", type: "D" }, settings, state));
    const people = sent.map(
      ({ attributes }) => attributes!.find(({ name }) => name === "people")!.value as number,
    );
    expect(people.every(Number.isInteger)).toBe(true);
    expect(new Set(people).size).toBeGreaterThan(3);
    expect(sent.at(-1)!.attributes!.find(({ name }) => name === "fixed")!.value).toBe(7);
  });

  test("sends its place only when it moves", () => {
    const state = firstState(settings, [], home);
    expect(updateOf({ id: "d", type: "D" }, settings, state).domainMetadata).toEqual([
      { name: "location", type: "point", value: home },
    ]);
    const still = { ...settings, radiusM: 0 };
    expect(updateOf({ id: "d", type: "D" }, still, state)).not.toHaveProperty("domainMetadata");
    expect(nextState(still, state, 1, seeded(1), home).place).toBe(home);
  });

  test("goes on from the value it has, when that is within bounds", () => {
    const attributes = [{ name: "temperature", type: "float", value: 19.5 }];
    expect(firstState(settings, attributes, null).values.temperature).toBe(19.5);
    expect(firstState(settings, [{ name: "temperature", value: 99 }], null).values.temperature).toBe(15);
  });
});

test("defaults cover each number, and no texts", () => {
  const { series } = defaultSettings([
    { name: "a", type: "float", value: 20 },
    { name: "b", type: "string", value: "warm" },
    { name: "c", type: "integer", value: 0 },
  ]);
  expect(series.map(({ name, low, high }) => [name, low, high])).toEqual([
    ["a", 15, 25],
    ["c", 0, 5],
  ]);
});

test("problems name the field", () => {
  expect(settingsProblems(settings)).toEqual({});
  const wrong: Settings = {
    intervalS: 0.1,
    radiusM: -1,
    series: [
      { name: "a", type: "float", shape: "walk", low: 5, high: 5, periodS: 60 },
      { name: "b", type: "float", shape: "sine", low: Number.NaN, high: 5, periodS: 0 },
    ],
  };
  expect(Object.keys(settingsProblems(wrong)).sort()).toEqual([
    "a.high",
    "b.high",
    "b.low",
    "b.period",
    "interval",
    "radius",
  ]);
});
