// The nodes of the graph. Each follows what it shows by itself, so that the graph as a whole stays as it is.
import { Handle, type NodeProps, Position } from "@xyflow/react";
import { createContext, memo, type ReactNode, useContext } from "react";
import { useShallow } from "zustand/react/shallow";
import { useLive } from "@/api/live";
import type { Instance } from "@/api/types";
import { hashOf } from "@/app/router";
import { entityHref } from "@/entities/links";
import { count, plural, rate, siteOf } from "@/ui";
import { reasonOf, shortName, stateOf, summaryOf, trafficOf } from "./deployments";
import css from "./graph.module.css";
import { tilesFor } from "./layout";
import { StatusChip } from "./StatusChip";
import { useSelection } from "./selection";
import type { FlowNode } from "./useGraph";

/** Shows the instances of a task apart, or as one. */
export const OpenContext = createContext<(task: string, open: boolean) => void>(() => {});

interface EndsProps {
  of: { targetPosition?: Position; sourcePosition?: Position };
  children: ReactNode;
}

/** Where the lines end. */
const Ends = ({ of, children }: EndsProps) => (
  <>
    <Handle type="target" position={of.targetPosition ?? Position.Left} className={css.handle} />
    {children}
    <Handle type="source" position={of.sourcePosition ?? Position.Right} className={css.handle} />
  </>
);

export const EntityNode = memo(function EntityNode(props: NodeProps<FlowNode<"entity">>) {
  const { entity, type } = props.data.node;
  return (
    <Ends of={props}>
      <a className={`${css.node} ${css.entity}`} href={entityHref(type, entity)}>
        <span className={css.name}>{entity}</span>
        <span className={css.sub}>{type}</span>
      </a>
    </Ends>
  );
});

export const EntitiesNode = memo(function EntitiesNode(props: NodeProps<FlowNode<"entities">>) {
  const { type, count: entities } = props.data.node;
  return (
    <Ends of={props}>
      <a className={`${css.node} ${css.entity} ${css.many}`} href={hashOf("context", ["entities", type])}>
        <span className={css.name}>
          {type}
          {entities > 0 && ` × ${count(entities)}`}
        </span>
        <span className={css.sub}>{entities > 0 ? "entities" : "no entity yet"}</span>
      </a>
    </Ends>
  );
});

export const InstanceNode = memo(function InstanceNode(props: NodeProps<FlowNode<"instance">>) {
  return (
    <Ends of={props}>
      <InstanceButton id={props.data.node.instance} />
    </Ends>
  );
});

const InstanceButton = memo(function InstanceButton({ id }: { id: string }) {
  const instance = useLive((live) => live.instances.get(id));
  const { selected, select } = useSelection();
  if (!instance) return null;
  return (
    <button
      type="button"
      className={`${css.node} ${css.instance} nopan`}
      data-state={instance.Status}
      aria-pressed={selected === id}
      onClick={() => select(id)}
    >
      <span className={css.row}>
        <span className={css.name}>{instance.TaskName}</span>
        <StatusChip instance={instance} />
      </span>
      <span className={css.sub}>
        {shortName(instance)} · {siteOf(instance.Worker) || "no worker"}
      </span>
      <What instance={instance} />
    </button>
  );
});

/** Why it does not run, or what it does. */
function What({ instance }: { instance: Instance }) {
  const { Status, InputRate, OutputRate } = instance;
  const reason = reasonOf(instance);
  if (reason && Status !== "running") return <span className={css.reason}>{reason}</span>;
  return (
    <span className={css.rates}>
      reads {rate(InputRate)}, writes {rate(OutputRate)}
    </span>
  );
}

export const TaskNode = memo(function TaskNode(props: NodeProps<FlowNode<"task">>) {
  const { task, planned } = props.data.node;
  const open = useContext(OpenContext);
  const summary = useLive(
    useShallow((live) => summaryOf([...live.instances.values()].filter(isOf(props.data.intent, task)))),
  );
  if (planned) {
    return (
      <Ends of={props}>
        <div className={`${css.node} ${css.planned}`}>
          <span className={css.name}>{task}</span>
          <span className={css.sub}>no task instance yet</span>
        </div>
      </Ends>
    );
  }
  const { running, total, scheduled, paused, failed } = summary;
  const share = (part: number) => ({ width: `${(100 * part) / Math.max(1, total)}%` });
  return (
    <Ends of={props}>
      <div className={`${css.node} ${css.task}`} data-state={failed > 0 ? "failed" : "running"}>
        <span className={css.name}>
          {task} × {count(total)}
        </span>
        <span className={css.bar} aria-hidden="true">
          <span className={css.failed} style={share(failed)} />
          <span className={css.waiting} style={share(scheduled + paused)} />
          <span className={css.running} style={share(running)} />
        </span>
        <span className={css.sub}>{stateOf(summary).text}</span>
        <span className={css.rates}>{trafficOf(summary)}</span>
        <button type="button" className={`${css.open} nopan`} onClick={() => open(task, true)}>
          Show each instance
        </button>
      </div>
    </Ends>
  );
});

const isOf = (intent: string, task: string) => (instance: Instance) =>
  instance.ServiceIntentID === intent && instance.TaskName === task;

export const TilesNode = memo(function TilesNode(props: NodeProps<FlowNode<"tiles">>) {
  const { task, instances } = props.data.node;
  const open = useContext(OpenContext);
  const { small, columns, width, height } = tilesFor(instances.length);
  const One = small ? Tile : InstanceButton;
  return (
    <Ends of={props}>
      <div className={`${css.node} ${css.tiles}`}>
        <span className={css.row}>
          <span className={css.name}>
            {task}: {plural(instances.length, "instance")}
          </span>
          <button type="button" className={`${css.open} nopan`} onClick={() => open(task, false)}>
            Count them only
          </button>
        </span>
        <div
          className={css.grid}
          style={{ gridTemplateColumns: `repeat(${columns}, ${width}px)`, gridAutoRows: `${height}px` }}
        >
          {instances.map((id) => (
            <One key={id} id={id} />
          ))}
        </div>
      </div>
    </Ends>
  );
});

const Tile = memo(function Tile({ id }: { id: string }) {
  const state = useLive((live) => live.instances.get(id)?.Status);
  const name = useLive((live) => {
    const instance = live.instances.get(id);
    return instance ? shortName(instance) : id;
  });
  const { selected, select } = useSelection();
  return (
    <button
      type="button"
      className={`${css.tile} nopan`}
      data-state={state}
      aria-pressed={selected === id}
      aria-label={`${name}, ${state ?? "gone"}`}
      onClick={() => select(id)}
    >
      {name}
    </button>
  );
});
