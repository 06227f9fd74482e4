// Devices that this tab plays. They go on while the user looks at other pages, and end with the tab.
import { create } from "zustand";
import { problemOf } from "@/api/http";
import type { Attribute, Point } from "@/api/types";
import { update } from "@/entities/ngsi10";
import { firstState, nextState, type Settings, type State, seeded, updateOf } from "./simulation";

export interface Simulated {
  id: string;
  type: string;
  attributes: Attribute[];
  place: Point | null;
}

export interface Simulation {
  device: Simulated;
  settings: Settings;
  running: boolean;
  /** Why it stopped by itself. */
  reason?: string;
  since: number;
  sent: number;
  failed: number;
  /** What went wrong last, as long as it does. */
  problem?: string;
}

/** So many failures in a row end a simulation. */
export const MAX_FAILURES = 5;

export const useSimulations = create<{ all: ReadonlyMap<string, Simulation> }>(() => ({ all: new Map() }));

interface Run {
  timer?: ReturnType<typeof setTimeout>;
  state: State;
  random: () => number;
  failures: number;
}

/** Those that go on. An answer that comes for a run that is no longer here changes nothing. */
const runs = new Map<string, Run>();

function change(id: string, changes: (simulation: Simulation) => Partial<Simulation>) {
  useSimulations.setState(({ all }) => {
    const simulation = all.get(id);
    return simulation ? { all: new Map(all).set(id, { ...simulation, ...changes(simulation) }) } : {};
  });
}

export function startSimulation(
  device: Simulated,
  settings: Settings,
  seed = Math.floor(Math.random() * 2 ** 32),
) {
  stopRun(device.id);
  const state = firstState(settings, device.attributes, device.place);
  const run: Run = { state, random: seeded(seed), failures: 0 };
  runs.set(device.id, run);
  const simulation: Simulation = { device, settings, running: true, since: Date.now(), sent: 0, failed: 0 };
  useSimulations.setState(({ all }) => ({ all: new Map(all).set(device.id, simulation) }));
  void turn(simulation, run);
}

export function stopSimulation(id: string, reason?: string) {
  stopRun(id);
  change(id, () => ({ running: false, reason }));
}

export function stopAllSimulations() {
  for (const id of [...runs.keys()]) stopSimulation(id);
}

/** Stops one and takes it from the list. */
export function forgetSimulation(id: string) {
  stopRun(id);
  useSimulations.setState(({ all }) => {
    const left = new Map(all);
    left.delete(id);
    return { all: left };
  });
}

function stopRun(id: string) {
  clearTimeout(runs.get(id)?.timer);
  runs.delete(id);
}

async function turn(simulation: Simulation, run: Run) {
  const { device, settings, since } = simulation;
  const begun = Date.now();
  run.state = nextState(settings, run.state, (begun - since) / 1_000, run.random, device.place);
  const problem = await sent(device, settings, run.state);
  if (runs.get(device.id) !== run) return;
  run.failures = problem === undefined ? 0 : run.failures + 1;
  change(device.id, ({ sent, failed }) =>
    problem === undefined ? { sent: sent + 1, problem } : { failed: failed + 1, problem },
  );
  if (run.failures >= MAX_FAILURES) {
    return stopSimulation(device.id, `${MAX_FAILURES} updates failed one after the other: ${problem}`);
  }
  const pause = Math.max(0, settings.intervalS * 1_000 - (Date.now() - begun));
  run.timer = setTimeout(() => void turn(simulation, run), pause);
}

/** Sends an update; answers what went wrong. */
async function sent(device: Simulated, settings: Settings, state: State): Promise<string | undefined> {
  try {
    await update(updateOf(device, settings, state));
    return undefined;
  } catch (error) {
    return problemOf(error);
  }
}
