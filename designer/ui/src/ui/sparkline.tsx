// A line as small as a word.
import { count } from "./format";
import css from "./sparkline.module.css";

interface SparklineProps {
  /** What the values are, for screen readers. */
  label: string;
  values: readonly number[];
  width?: number;
  height?: number;
  /** From the lowest value at the bottom instead of zero: for what varies little, such as temperatures. */
  fit?: boolean;
}

export function Sparkline({ label, values, width = 88, height = 22, fit }: SparklineProps) {
  const last = values.at(-1);
  const words = last === undefined ? `${label}: nothing yet` : `${label}: last ${count(last)}`;
  return (
    <svg
      className={css.line}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words}
    >
      <path d={sparklinePath(values, width, height, fit)} />
    </svg>
  );
}

const EDGE = 1.5;

/** The line through the values, from zero or the lowest below it (`fit`: the lowest) at the bottom to the highest at the top. */
export function sparklinePath(
  values: readonly number[],
  width: number,
  height: number,
  fit?: boolean,
): string {
  if (values.length < 2) return "";
  const low = values.reduce((a, b) => Math.min(a, b), fit ? values[0]! : 0);
  const high = values.reduce((a, b) => Math.max(a, b), low);
  const x = (index: number) => EDGE + (index * (width - 2 * EDGE)) / (values.length - 1);
  const y = (value: number) => height - EDGE - ((value - low) / (high - low || 1)) * (height - 2 * EDGE);
  const points = values.map((value, index) => `${round(x(index))} ${round(y(value))}`);
  return `M${points.join("L")}`;
}

const round = (value: number) => Math.round(value * 10) / 10;
