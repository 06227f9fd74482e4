// The figures of this moment, each with its last ten minutes.
import type { ReactNode } from "react";
import { useLive } from "@/api/live";
import type { Sample } from "@/api/types";
import { hashOf } from "@/app/router";
import { count, plural } from "@/ui";
import { Sparkline } from "@/ui/sparkline";
import css from "./overview.module.css";
import { type Counts, countsOf } from "./summary";

export function Figures() {
  const history = useLive((live) => live.history);
  const workers = useLive((live) => live.workers);
  const instances = useLive((live) => live.instances);
  const ready = [...workers.values()].filter((worker) => worker.state === "ready").length;
  const counts = countsOf(instances.values());
  const last = history.at(-1);
  const line = (label: string, value: (sample: Sample) => number) => (
    <Sparkline label={`${label}, last ten minutes`} values={history.map(value)} />
  );
  return (
    <ul className={css.figures} aria-label="Figures">
      <Figure
        name="Workers"
        value={count(ready)}
        href={hashOf("map")}
        note={ready < workers.size ? `${plural(workers.size - ready, "other")} silent or left` : "all ready"}
      >
        {line("Workers", (sample) => sample.workers)}
      </Figure>
      <Figure
        name="Instances running"
        value={count(counts.running)}
        href={hashOf("running")}
        note={notRunning(counts)}
      >
        {line("Instances running", (sample) => sample.instances.running)}
      </Figure>
      <Figure
        name="Entities"
        value={whole(last?.entities)}
        href={hashOf("context")}
        note={plural(Object.keys(last?.types ?? {}).length, "type")}
      >
        {line("Entities", (sample) => sample.entities)}
      </Figure>
      <Figure name="Updates" unit="/s" value={whole(last?.updates)} note="to all brokers">
        {line("Updates a second", (sample) => sample.updates)}
      </Figure>
      <Figure
        name="Notifications"
        unit="/s"
        value={whole(last?.notifications)}
        note={last?.failures ? `${count(last.failures)}/s fail` : "none fail"}
      >
        {line("Notifications a second", (sample) => sample.notifications)}
      </Figure>
      <Figure name="Queue" value={whole(last?.queued)} note="notifications to send">
        {line("Queue", (sample) => sample.queued)}
      </Figure>
    </ul>
  );
}

/** Tenths say something only of small figures. */
const whole = (value = 0) => count(value < 10 ? value : Math.round(value));

function notRunning({ scheduled, paused, failed }: Counts): string {
  const parts = [
    failed ? `${count(failed)} failed` : "",
    scheduled ? `${count(scheduled)} waiting` : "",
    paused ? `${count(paused)} paused` : "",
  ];
  return parts.filter(Boolean).join(", ") || "none failed or waiting";
}

interface FigureProps {
  name: string;
  value: string;
  unit?: string;
  note: string;
  href?: string;
  children: ReactNode;
}

function Figure({ name, value, unit, note, href, children }: FigureProps) {
  return (
    <li className={css.figure}>
      <div className={css.figureName}>{href ? <a href={href}>{name}</a> : name}</div>
      <div className={css.figureRow}>
        <span className={css.value}>
          {value}
          {unit && <small>{unit}</small>}
        </span>
        {children}
      </div>
      <div className={css.note}>{note}</div>
    </li>
  );
}
