// How tasks and streams look on the canvas.
import { Handle, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import { Icon } from "@/ui";
import type { FlowNode, StreamData, TaskData } from "./flow";
import css from "./Nodes.module.css";
import { streamWords } from "./words";

type Props<T extends FlowNode["type"]> = NodeProps<Extract<FlowNode, { type: T }>>;

const Mark = ({ severity }: { severity: TaskData["severity"] }) =>
  severity ? (
    <span className={css.mark}>
      <Icon name="warn" size={15} />
    </span>
  ) : null;

const frame = (kind: string | undefined, { severity }: TaskData | StreamData) => ({
  className: `${css.node} ${kind}`,
  "data-severity": severity || undefined,
});

const TaskView = memo(function TaskView({ data }: Props<"task">) {
  const { task } = data;
  return (
    <div {...frame(css.task, data)}>
      <Handle type="target" id="in" position={Position.Left} className={css.handle} />
      <div className={css.head}>
        <span className={css.name}>{task.name || "No name"}</span>
        <Mark severity={data.severity} />
      </div>
      <div className={css.about}>{task.operator || "no operator"}</div>
      {task.outputs.map((output, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an output is known by its number
        <div key={index} className={css.output}>
          <span className={css.name}>{output.type || "no type"}</span>
          <Handle type="source" id={`out-${index}`} position={Position.Right} className={css.handle} />
        </div>
      ))}
    </div>
  );
});

const StreamView = memo(function StreamView({ data }: Props<"stream">) {
  return (
    <div {...frame(data.fed ? css.inner : css.stream, data)}>
      <Handle type="target" id="in" position={Position.Left} className={css.handle} />
      <div className={css.head}>
        <span className={css.name}>{data.type || "No type"}</span>
        <Mark severity={data.severity} />
      </div>
      <div className={css.about}>{streamWords(data.stream)}</div>
      <Handle type="source" id="out" position={Position.Right} className={css.handle} />
    </div>
  );
});

export const nodeTypes = { task: TaskView, stream: StreamView };
