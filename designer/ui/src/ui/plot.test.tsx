import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { Plot } from "./plot";
import { readout, type Series, stacked, summary, timeLabels, timeRange, valueRange } from "./plot.data";
import { sparklinePath } from "./sparkline";

const series = (name: string, ...values: (number | null)[]): Series => ({
  name,
  colour: "--chart-1",
  values,
});
const whole = (value: number) => String(value);

describe("the data of a plot", () => {
  it("stacks each series on those before it and keeps what is not known", () => {
    expect(stacked([series("a", 1, null, 3), series("b", 10, 20, 30)])).toEqual([
      [1, null, 3],
      [11, 20, 33],
    ]);
  });

  it("keeps room above the highest value, and some range when all are equal", () => {
    expect(valueRange(0, 100, true)).toEqual([0, 108]);
    expect(valueRange(50, 100, true)[0]).toBe(0);
    expect(valueRange(50, 100, false)).toEqual([46, 104]);
    expect(valueRange(0, 0, true)).toEqual([0, 1]);
    expect(valueRange(null, null, true)).toEqual([0, 1]);
    const [low, high] = valueRange(7, 7, false);
    expect(low).toBeLessThan(high);
  });

  it("shows a fixed span up to the latest time, or what there is", () => {
    expect(timeRange(90_000, 100_000, 60_000)).toEqual([40_000, 100_000]);
    expect(timeRange(90_000, 100_000)).toEqual([90_000, 100_000]);
    expect(timeRange(5_000, 5_000)).toEqual([4_000, 5_000]);
  });

  it("labels times as finely as they lie apart", () => {
    const noon = new Date(2030, 4, 6, 12, 0, 0).getTime();
    expect(timeLabels([noon, noon + 10_000])[1]).toMatch(/:10/);
    expect(timeLabels([noon, noon + 120_000])[0]).not.toMatch(/:00:00/);
    expect(timeLabels([noon, noon + 86_400_000])[0]).toMatch(/6/);
  });

  it("says in words what is shown", () => {
    const two = [series("Updates", 4, 9, 2), series("Queue", null)];
    expect(summary(two, whole)).toBe("Updates: last 2, lowest 2, highest 9. Queue: nothing known.");
    expect(readout(two, 0, whole)).toBe("Updates 4, Queue –");
  });

  it("draws a small line within its box", () => {
    expect(sparklinePath([0, 10], 20, 10)).toBe("M1.5 8.5L18.5 1.5");
    expect(sparklinePath([5], 20, 10)).toBe("");
    expect(sparklinePath([0, 0], 20, 10)).toBe("M1.5 8.5L18.5 8.5");
  });
});

describe("a plot", () => {
  it("names itself and says its values where nothing can be drawn", () => {
    render(<Plot label="Traffic" times={[1_000, 3_000]} series={[series("Updates", 4, 9)]} format={whole} />);
    expect(screen.getByRole("figure", { name: "Traffic" })).toBeDefined();
    expect(screen.getByText("Updates: last 9, lowest 4, highest 9.")).toBeDefined();
    const slider = screen.getByRole("slider");
    expect(slider.getAttribute("aria-valuetext")).toMatch(/Updates 9$/);
  });
});
