// Draws a topology that comes without a drawing.
import {
  type Drawing,
  type Edge,
  emptyDrawing,
  freshIds,
  type Output,
  type StreamNode,
  type TaskNode,
} from "./document";
import { arranged } from "./layout";
import { list, record, some, text, texts, truth, without } from "./reading";

type Input = Pick<StreamNode, "type" | "attributes" | "groupby" | "scoped" | "rest">;

interface ReadTask {
  node: TaskNode;
  inputs: Input[];
}

/** The drawing of a topology's JSON, laid out. Also reads the first form, with `type`, `groupBy` and `shuffling`. */
export function drawingOf(topology: unknown, path = "topology"): Drawing {
  const object = record(topology, path);
  const tasks = list(object.tasks, `${path}.tasks`).map((task, index) =>
    readTask(task, `${path}.tasks[${index}]`, String(index + 1)),
  );
  const drawing = emptyDrawing(text(object.name, `${path}.name`));
  return arranged({
    ...drawing,
    description: text(object.description, `${path}.description`),
    ...connected(tasks),
    rest: { ...drawing.rest, topology: without(object, "name", "description", "tasks") },
  });
}

function readTask(value: unknown, path: string, id: string): ReadTask {
  const task = record(value, path);
  const grouped = task.groupBy === undefined ? undefined : text(task.groupBy, `${path}.groupBy`);
  const node: TaskNode = {
    id,
    kind: "task",
    x: 0,
    y: 0,
    name: text(task.name, `${path}.name`),
    operator: text(task.operator, `${path}.operator`),
    outputs: list(task.output_streams, `${path}.output_streams`).map((output, index) =>
      readOutput(output, `${path}.output_streams[${index}]`),
    ),
    rest: some(without(task, "name", "operator", "input_streams", "output_streams", "groupBy")),
  };
  const inputs = list(task.input_streams, `${path}.input_streams`).map((input, index) =>
    readInput(input, `${path}.input_streams[${index}]`, grouped),
  );
  return { node, inputs };
}

function readOutput(value: unknown, path: string): Output {
  const output = record(value, path);
  return {
    type: text(output.entity_type ?? output.type, `${path}.entity_type`),
    rest: some(without(output, "entity_type", "type")),
  };
}

function readInput(value: unknown, path: string, grouped: string | undefined): Input {
  const input = record(value, path);
  const shuffling = text(input.shuffling, `${path}.shuffling`);
  return {
    type: text(input.selected_type ?? input.type, `${path}.selected_type`),
    attributes: texts(input.selected_attributes, `${path}.selected_attributes`),
    groupby: text(input.groupby, `${path}.groupby`, groupOf(grouped, shuffling)) || "ALL",
    scoped: truth(input.scoped, `${path}.scoped`, false),
    rest: some(
      without(input, "selected_type", "type", "selected_attributes", "groupby", "scoped", "shuffling"),
    ),
  };
}

/** The first form grouped per task, and sent a stream that is broadcast to every instance. */
export function groupOf(task: string | undefined, shuffling: string): string {
  if (task === undefined || shuffling === "broadcast") return "ALL";
  return ["", "*", "all"].includes(task.toLowerCase()) ? "ALL" : task;
}

/** Tasks with alike inputs share one stream; an input that a task writes is fed by its outputs. */
function connected(tasks: ReadTask[]): Pick<Drawing, "nodes" | "edges"> {
  const nodes: Drawing["nodes"] = tasks.map((task) => task.node);
  const edges: Edge[] = [];
  const nodeId = freshIds(nodes);
  const edgeId = freshIds([]);
  const outputs = outputsByType(tasks);
  const alike = new Map<string, { stream: StreamNode; readers: Set<string> }[]>();

  for (const { node, inputs } of tasks) {
    for (const input of inputs) {
      const key = JSON.stringify(input);
      const known = alike.get(key) ?? [];
      let found = known.find(({ readers }) => !readers.has(node.id));
      if (!found) {
        found = { stream: { id: nodeId(), kind: "stream", x: 0, y: 0, ...input }, readers: new Set() };
        alike.set(key, [...known, found]);
        nodes.push(found.stream);
        for (const from of outputs.get(input.type) ?? []) {
          edges.push({ id: edgeId(), ...from, to: found.stream.id });
        }
      }
      found.readers.add(node.id);
      edges.push({ id: edgeId(), from: found.stream.id, to: node.id });
    }
  }
  return { nodes, edges };
}

function outputsByType(tasks: ReadTask[]): Map<string, { from: string; output: number }[]> {
  const outputs = new Map<string, { from: string; output: number }[]>();
  for (const { node } of tasks) {
    for (const [output, { type }] of node.outputs.entries()) {
      if (type) outputs.set(type, [...(outputs.get(type) ?? []), { from: node.id, output }]);
    }
  }
  return outputs;
}
