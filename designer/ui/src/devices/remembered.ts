// How each device was last simulated, kept in this browser.
import type { Attribute } from "@/api/types";
import { defaultSettings, type Settings, settingsProblems } from "./simulation";

const keyOf = (id: string) => `fogflow.simulation.${id}`;

export function remember(id: string, settings: Settings) {
  try {
    localStorage.setItem(keyOf(id), JSON.stringify(settings));
  } catch {
    // A browser that keeps nothing starts from the defaults each time.
  }
}

export const forget = (id: string) => localStorage.removeItem(keyOf(id));

/** The settings of last time, for the attributes the device has now. */
export function remembered(id: string, attributes: Attribute[]): Settings {
  const defaults = defaultSettings(attributes);
  const known = read(id);
  if (!known) return defaults;
  const series = defaults.series.map(
    (fresh) => known.series.find(({ name, type }) => name === fresh.name && type === fresh.type) ?? fresh,
  );
  return { ...known, series };
}

function read(id: string): Settings | null {
  try {
    const known = JSON.parse(localStorage.getItem(keyOf(id)) ?? "null") as Settings | null;
    return known && Array.isArray(known.series) && Object.keys(settingsProblems(known)).length === 0
      ? known
      : null;
  } catch {
    return null;
  }
}
