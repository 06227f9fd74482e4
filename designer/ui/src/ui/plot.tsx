// A plot over time: a legend with the values pointed at, the drawing, and the same in words for screen readers.
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useTheme } from "@/app/theme";
import { count } from "./format";
import { type Format, moment, readout, type Series, shown, summary } from "./plot.data";
import css from "./plot.module.css";
import { type Drawing, dataOf, optionsOf } from "./plot.options";

export type { Series } from "./plot.data";

interface PlotProps {
  label: string;
  /** Epoch milliseconds, rising. */
  times: number[];
  series: Series[];
  format?: Format;
  height?: number;
  /** Draws areas on top of each other instead of lines. */
  stack?: boolean;
  fromZero?: boolean;
  /** The time shown, up to the latest; without it, what there is. */
  spanMs?: number;
}

export function Plot({ label, times, series, format = count, ...look }: PlotProps) {
  const { height = 170, stack = false, fromZero = true, spanMs } = look;
  const [pointed, setPointed] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const drawing = { series, format, stack, fromZero, spanMs, onCursor: setPointed };
  const plot = useDrawing(box, drawing, times, height);
  const held = useHeld(plot, times);
  const last = times.length - 1;
  const index = Math.min(pointed ?? last, last);
  const move = (event: KeyboardEvent) => {
    const next = steps[event.key]?.(index, last);
    if (next === undefined || !plot.current) return;
    event.preventDefault();
    held.current = times[Math.max(0, Math.min(last, next))];
    pointAt(plot.current, held.current);
  };
  return (
    <figure className={css.plot} aria-label={label}>
      <Legend series={series} index={index} format={format} at={pointed === null ? null : times[index]} />
      <div
        ref={box}
        className={css.drawing}
        style={{ height }}
        role="slider"
        tabIndex={0}
        aria-label={`${label}: moment shown`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, last)}
        aria-valuenow={Math.max(0, index)}
        aria-valuetext={index < 0 ? "nothing yet" : inWords(times, series, index, format)}
        onKeyDown={move}
        onBlur={() => {
          held.current = undefined;
          plot.current?.setCursor({ left: -10, top: -10 });
        }}
      />
      <figcaption className="visually-hidden">{summary(series, format)}</figcaption>
    </figure>
  );
}

const inWords = (times: number[], series: Series[], index: number, format: Format) =>
  `${moment(times[index] ?? 0, times.at(-1) ?? 0)}: ${readout(series, index, format)}`;

const steps: Record<string, (index: number, last: number) => number> = {
  ArrowLeft: (index) => index - 1,
  ArrowRight: (index) => index + 1,
  PageDown: (index) => index - 15,
  PageUp: (index) => index + 15,
  Home: () => 0,
  End: (_, last) => last,
};

function pointAt(plot: uPlot | null, at: number | undefined) {
  if (plot && at !== undefined) plot.setCursor({ left: plot.valToPos(at, "x"), top: 0 });
}

/** The moment chosen with the keyboard stays chosen while later values arrive. */
function useHeld(plot: RefObject<uPlot | null>, times: number[]) {
  const held = useRef<number>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: pointed at again when the values have moved
  useEffect(() => {
    const frame = requestAnimationFrame(() => pointAt(plot.current, held.current));
    return () => cancelAnimationFrame(frame);
  }, [times, plot]);
  return held;
}

interface LegendProps {
  series: Series[];
  index: number;
  format: Format;
  at: number | null | undefined;
}

function Legend({ series, index, format, at }: LegendProps) {
  return (
    <div className={css.legend} aria-hidden="true">
      {series.map((one) => (
        <span key={one.name} className={css.entry}>
          <i className={css.swatch} style={{ background: `var(${one.colour})` }} />
          {one.name} <b>{shown(one.values[index], format)}</b>
        </span>
      ))}
      <span className={css.at}>{at ? moment(at, Date.now()) : ""}</span>
    </div>
  );
}

/** Without a canvas there is no drawing; legend and words remain. */
const drawable = () => document.createElement("canvas").getContext("2d") !== null;

function useDrawing(
  box: RefObject<HTMLDivElement | null>,
  drawing: Drawing,
  times: number[],
  height: number,
) {
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ drawing, times });
  latest.current = { drawing, times };
  const { series, stack, fromZero, spanMs } = drawing;
  const shape = JSON.stringify([series.map(({ name, colour }) => [name, colour]), stack, fromZero, spanMs]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew when the shape is another; values follow below
  useEffect(() => {
    const element = box.current;
    if (!element || !drawable()) return;
    const now = latest.current;
    const data = dataOf(now.times, now.drawing.series, stack);
    const made = new uPlot(optionsOf(now.drawing, element.clientWidth, height), data, element);
    plot.current = made;
    const sized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    sized.observe(element);
    return () => {
      sized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, height]);

  useEffect(() => plot.current?.setData(dataOf(times, series, stack)), [times, series, stack]);

  const dark = useTheme((state) => state.dark);
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the theme while drawing
  useEffect(() => plot.current?.redraw(false, true), [dark]);
  return plot;
}
