// A plot as uPlot wants it: colours are read from the theme each time it is drawn.
import type uPlot from "uplot";
import {
  type Format,
  type Series,
  stacked,
  timeLabels,
  timeRange,
  type Value,
  valueRange,
} from "./plot.data";

export interface Drawing {
  series: readonly Series[];
  format: Format;
  stack: boolean;
  fromZero: boolean;
  spanMs?: number;
  onCursor: (index: number | null) => void;
}

const colourOf = (token: string) => getComputedStyle(document.documentElement).getPropertyValue(token).trim();

const FONT = "12px system-ui, sans-serif";

export function optionsOf(drawing: Drawing, width: number, height: number): uPlot.Options {
  return {
    width,
    height,
    ms: 1,
    padding: [8, 26, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: true, range: (_, first, last) => timeRange(first, last, drawing.spanMs) },
      y: { range: (_, min, max) => valueRange(min, max, drawing.fromZero) },
    },
    axes: [timeAxis(), valueAxis(drawing.format)],
    series: [{}, ...drawn(drawing)],
    hooks: { setCursor: [(plot) => drawing.onCursor(plot.cursor.idx ?? null)] },
  };
}

const grid = (): uPlot.Axis.Grid => ({ stroke: () => colourOf("--line"), width: 1 });

const timeAxis = (): uPlot.Axis => ({
  font: FONT,
  stroke: () => colourOf("--soft"),
  grid: { show: false },
  ticks: { ...grid(), size: 5 },
  size: 30,
  space: 80,
  values: (_, splits) => timeLabels(splits),
});

const valueAxis = (format: Format): uPlot.Axis => ({
  font: FONT,
  stroke: () => colourOf("--soft"),
  grid: grid(),
  ticks: { show: false },
  size: (_, values) => 16 + 7 * Math.max(2, ...(values ?? []).map((value) => value.length)),
  space: 36,
  values: (_, splits) => splits.map(format),
});

/** Stacked areas are opaque and drawn from the top sum down, each over the larger one. */
function drawn({ series, stack }: Drawing): uPlot.Series[] {
  const one = ({ name, colour }: Series): uPlot.Series => ({
    label: name,
    width: stack ? 0 : 1.75,
    points: { show: false },
    stroke: () => colourOf(colour),
    fill: stack ? () => colourOf(colour) : undefined,
  });
  return stack ? [...series].reverse().map(one) : series.map(one);
}

export function dataOf(times: readonly number[], series: readonly Series[], stack: boolean) {
  const values: Value[][] = stack ? stacked(series).reverse() : series.map((one) => one.values);
  return [times, ...values] as uPlot.AlignedData;
}
