// What the editor edits: tasks, the streams they read, and the lines between them.
//
// A stream is one input of the tasks it leads to. Fed by nothing, it selects entities of its own type; fed by a task's
// output, it passes that output on, and its type is the output's.
import type { InputStream, Task, Topology } from "@/api/types";

/** Members that only other clients know. */
export type Rest = Record<string, unknown>;

export interface Output {
  type: string;
  rest?: Rest;
}

interface Placed {
  /** A whole number, as the drawing's blocks have. */
  id: string;
  x: number;
  y: number;
  rest?: Rest;
  /** What else its block in the drawing held. */
  block?: { rest: Rest; values: Rest };
}

export interface TaskNode extends Placed {
  kind: "task";
  name: string;
  operator: string;
  outputs: Output[];
}

export interface StreamNode extends Placed {
  kind: "stream";
  type: string;
  /** None means every one. */
  attributes: string[];
  groupby: string;
  scoped: boolean;
}

export type DrawingNode = TaskNode | StreamNode;

export interface Edge {
  id: string;
  from: string;
  /** Which output, when it leaves a task. */
  output?: number;
  to: string;
}

/** The order of tasks is that of the nodes, the order of a task's inputs that of the edges. */
export interface Drawing {
  name: string;
  description: string;
  nodes: DrawingNode[];
  edges: Edge[];
  rest: { service: Rest; topology: Rest; board: Rest };
}

export const emptyDrawing = (name = ""): Drawing => ({
  name,
  description: "",
  nodes: [],
  edges: [],
  rest: { service: {}, topology: {}, board: {} },
});

export const isTask = (node: DrawingNode): node is TaskNode => node.kind === "task";
export const isStream = (node: DrawingNode): node is StreamNode => node.kind === "stream";

export const nodeOf = (drawing: Drawing, id: string) => drawing.nodes.find((node) => node.id === id);

/** Nodes by id and edges by their ends, for questions about a whole drawing. */
export interface Index {
  nodes: ReadonlyMap<string, DrawingNode>;
  into: ReadonlyMap<string, Edge[]>;
  outOf: ReadonlyMap<string, Edge[]>;
}

/** Items by a key, in order. */
export function grouped<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

const indexes = new WeakMap<Drawing, Index>();

export function indexOf(drawing: Drawing): Index {
  const known = indexes.get(drawing);
  if (known) return known;
  const index = {
    nodes: new Map(drawing.nodes.map((node) => [node.id, node])),
    into: grouped(drawing.edges, (edge) => edge.to),
    outOf: grouped(drawing.edges, (edge) => edge.from),
  };
  indexes.set(drawing, index);
  return index;
}

/** The type of what leaves a task by this edge. */
function typeOfOutput(index: Index, edge: Edge): string | undefined {
  const task = index.nodes.get(edge.from);
  return task?.kind === "task" ? task.outputs[edge.output ?? 0]?.type : undefined;
}

/** Whether a task's output feeds the stream. */
export const isInner = (drawing: Drawing, stream: StreamNode) => indexOf(drawing).into.has(stream.id);

/** The types that feed a stream, each once. */
export function typesInto(drawing: Drawing, stream: StreamNode): string[] {
  const index = indexOf(drawing);
  const types = (index.into.get(stream.id) ?? []).map((edge) => typeOfOutput(index, edge));
  return [...new Set(types.filter((type) => type !== undefined))];
}

/** The type of the entities a stream carries. A drawing with several means the last. */
export const typeOf = (drawing: Drawing, stream: StreamNode) =>
  typesInto(drawing, stream).at(-1) ?? stream.type;

/** The streams a task reads, in order. */
export function inputsOf(drawing: Drawing, task: string): StreamNode[] {
  const index = indexOf(drawing);
  const found = (index.into.get(task) ?? []).map((edge) => index.nodes.get(edge.from));
  return found.filter((node): node is StreamNode => node?.kind === "stream");
}

function inputStream(drawing: Drawing, stream: StreamNode): InputStream {
  return {
    ...stream.rest,
    selected_type: typeOf(drawing, stream),
    selected_attributes: stream.attributes,
    groupby: stream.groupby,
    scoped: stream.scoped,
  };
}

const taskOf = (drawing: Drawing, node: TaskNode): Task => ({
  ...node.rest,
  name: node.name,
  operator: node.operator,
  input_streams: inputsOf(drawing, node.id).map((stream) => inputStream(drawing, stream)),
  output_streams: node.outputs.map((output) => ({ ...output.rest, entity_type: output.type })),
});

/** The topology a drawing means. */
export const topologyOf = (drawing: Drawing): Topology => ({
  ...drawing.rest.topology,
  name: drawing.name,
  description: drawing.description,
  tasks: drawing.nodes.filter(isTask).map((node) => taskOf(drawing, node)),
});

/** Ids that nothing has yet. */
export function freshIds(items: readonly { id: string }[]): () => string {
  let last = items.reduce((most, { id }) => Math.max(most, Number(id) || 0), 0);
  return () => String(++last);
}
