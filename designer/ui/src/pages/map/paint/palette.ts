// The colours of types, tasks and states on the canvas.
import type { InstanceStatus } from "@/api/types";
import type { Colours } from "@/map";

export const shades = (colours: Colours): string[] => [
  colours["chart-1"],
  colours["chart-2"],
  colours["chart-3"],
  colours["chart-4"],
  colours.info,
  colours["line-strong"],
];

/** The same, for what is not drawn on the canvas. */
export const shadeNames = ["chart-1", "chart-2", "chart-3", "chart-4", "info", "line-strong"].map(
  (name) => `var(--${name})`,
);

export const statuses: InstanceStatus[] = ["running", "scheduled", "paused", "failed", "refused"];

export function statusColour(colours: Colours, status: InstanceStatus): string {
  if (status === "running") return colours.good;
  if (status === "failed" || status === "refused") return colours.bad;
  return colours.warn;
}
