// The last ten minutes, drawn.
import { useMemo } from "react";
import { useLive } from "@/api/live";
import type { Sample } from "@/api/types";
import { Card, rate } from "@/ui";
import { Plot, type Series } from "@/ui/plot";
import css from "./overview.module.css";

const SPAN_MS = 600_000;

type Drawn = [name: string, colour: Series["colour"], value: (sample: Sample) => number];

const traffic: Drawn[] = [
  ["Updates", "--chart-1", (sample) => sample.updates],
  ["Notifications", "--chart-3", (sample) => sample.notifications],
];
const queue: Drawn[] = [["Queued notifications", "--chart-2", (sample) => sample.queued]];
/** The bottom first: what needs attention is not lost above many that run. */
const states: Drawn[] = [
  ["Failed", "--bad", (sample) => sample.instances.failed],
  ["Waiting", "--chart-2", (sample) => sample.instances.scheduled],
  ["Paused", "--chart-3", (sample) => sample.instances.paused],
  ["Running", "--chart-1", (sample) => sample.instances.running],
];

export function Plots() {
  return (
    <div className={css.plots}>
      <History title="Updates and notifications" drawn={traffic} format={rate} />
      <History title="Instances by state" drawn={states} stack />
      <History title="Queue" drawn={queue} />
    </div>
  );
}

interface HistoryProps {
  title: string;
  drawn: Drawn[];
  format?: (value: number) => string;
  stack?: boolean;
}

function History({ title, drawn, format, stack }: HistoryProps) {
  const history = useLive((live) => live.history);
  const times = useMemo(() => history.map((sample) => sample.at), [history]);
  const series = useMemo(
    () => drawn.map(([name, colour, value]) => ({ name, colour, values: history.map(value) })),
    [history, drawn],
  );
  return (
    <Card title={title}>
      <Plot
        label={`${title}, last ten minutes`}
        times={times}
        series={series}
        format={format}
        stack={stack}
        spanMs={SPAN_MS}
      />
    </Card>
  );
}
