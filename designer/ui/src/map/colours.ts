// The colours of the theme, for what is drawn on a canvas.
import { useMemo } from "react";
import { useTheme } from "@/app/theme";

const names = [
  "bg",
  "surface",
  "raised",
  "sunken",
  "ink",
  "soft",
  "line",
  "line-strong",
  "accent",
  "accent-soft",
  "on-accent",
  "good",
  "warn",
  "bad",
  "info",
  "chart-1",
  "chart-2",
  "chart-3",
  "chart-4",
] as const;

export type Colours = Record<(typeof names)[number], string> & { font: string; dark: boolean };

function read(dark: boolean): Colours {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const colours = Object.fromEntries(names.map((name) => [name, value(name) || "#888888"]));
  return { ...colours, font: value("font") || "sans-serif", dark } as Colours;
}

/** The colours as they are now; a new object when the theme changes. */
export function useColours(): Colours {
  const dark = useTheme((state) => state.dark);
  return useMemo(() => read(dark), [dark]);
}
