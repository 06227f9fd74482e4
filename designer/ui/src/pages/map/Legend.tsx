// What the marks mean, and switches for the layers.
import type { CSSProperties, ReactNode } from "react";
import { hashOf } from "@/app/router";
import { count, plural } from "@/ui";
import { type LayerId, layers, toggleLayer, toggleType } from "./layers";
import css from "./map.module.css";
import { unplaced } from "./model/sites";
import { shortId } from "./model/things";
import { shadeNames } from "./paint/palette";
import type { MapData, NotShown } from "./useMapData";

export function Legend({ data }: { data: MapData }) {
  const { known, counts, watched, shown, colours, flows, refused } = data;
  const amounts: Record<LayerId, number | undefined> = {
    workers: known.workers.size,
    brokers: known.brokers.length,
    instances: [...known.instances.values()].filter((instance) => instance.Status !== "removed").length,
    flows: flows.flows.length,
    areas: data.areas.length,
  };
  const tasks = [...new Set(flows.flows.map((flow) => flow.task))].sort();
  const placed = watched.filter((type) => counts.get(type)?.placed);
  const without = watched.filter((type) => counts.has(type) && !counts.get(type)?.placed);
  return (
    <div className={css.legend}>
      <ul className={css.layers} aria-label="Layers">
        {layers.map(({ id, name }) => (
          <Row
            key={id}
            name={name}
            mark={<span className={`${css.mark} ${css[id]}`} />}
            amount={amounts[id]}
            on={shown[id]}
            onToggle={() => toggleLayer(id)}
          />
        ))}
        {shown.flows && flows.flows.length === 0 && flows.all > 0 && (
          <li className={css.note}>
            {plural(flows.all, "flow")}: choose a thing or an intent to see those that concern it.
          </li>
        )}
      </ul>
      {shown.instances && <States />}
      {tasks.length > 0 && <Tasks tasks={tasks} shade={(task) => colours.tasks.of(task)} />}
      <h3>Entities</h3>
      <ul className={css.layers} aria-label="Entity types">
        {placed.map((type) => (
          <Row
            key={type}
            name={type}
            mark={<span className={css.dot} style={coloured(colours.types.of(type))} />}
            amount={counts.get(type)?.placed}
            on={!shown.hiddenTypes.has(type)}
            onToggle={() => toggleType(type)}
          />
        ))}
        {placed.length === 0 && <li className={css.note}>No entity says where it is.</li>}
      </ul>
      <Unplaced data={data} />
      {without.length > 0 && <p className={css.note}>Types without a place: {without.join(", ")}.</p>}
      <Refused refused={refused} />
    </div>
  );
}

const coloured = (shade: number): CSSProperties => ({ background: shadeNames[shade] });

interface RowProps {
  name: string;
  mark: ReactNode;
  amount: number | undefined;
  on: boolean;
  onToggle: () => void;
}

function Row({ name, mark, amount, on, onToggle }: RowProps) {
  return (
    <li>
      <label className={css.layer}>
        <input type="checkbox" checked={on} onChange={onToggle} />
        {mark}
        <span className={css.name}>{name}</span>
        {amount !== undefined && <span className="soft number">{count(amount)}</span>}
      </label>
    </li>
  );
}

const states = [
  { mark: css.good, name: "running" },
  { mark: css.warn, name: "waiting or paused" },
  { mark: css.bad, name: "failed" },
];

/** The colours of task instances. */
function States() {
  return (
    <ul className={css.states} aria-label="States of task instances">
      {states.map(({ mark, name }) => (
        <li key={name}>
          <span className={`${css.dot} ${mark}`} />
          {name}
        </li>
      ))}
    </ul>
  );
}

function Tasks({ tasks, shade }: { tasks: string[]; shade: (task: string) => number }) {
  return (
    <ul className={css.tasks} aria-label="Flows by task">
      {tasks.map((task) => (
        <li key={task}>
          <span className={css.stroke} style={coloured(shade(task))} />
          <span className={css.name}>{task}</span>
        </li>
      ))}
    </ul>
  );
}

/** So many of those without a place are named. */
const MAX_NAMED = 100;

function Unplaced({ data }: { data: MapData }) {
  const { workers, brokers, instances } = data.known;
  const ids = unplaced(workers, brokers, instances.values());
  if (ids.length === 0) return null;
  return (
    <details>
      <summary>{plural(ids.length, "node or instance", "nodes and instances")} without a place</summary>
      <ul className={css.refused}>
        {ids.slice(0, MAX_NAMED).map((id) => (
          <li key={id}>
            <a href={hashOf("map", [id])}>{shortId(id)}</a>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Refused({ refused }: { refused: NotShown[] }) {
  if (refused.length === 0) return null;
  return (
    <details>
      <summary>{plural(refused.length, "type is", "types are")} not followed</summary>
      <ul className={css.refused}>
        {refused.map(({ type, reason }) => (
          <li key={type}>
            <span className="mono">{type}</span> <span className="soft">{reason}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
