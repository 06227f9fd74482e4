// Opens what the designer keeps, and writes it back with everything it held.
import type { Service } from "@/api/types";
import { boardOf } from "./designboard";
import {
  type Drawing,
  type DrawingNode,
  type Edge,
  indexOf,
  inputsOf,
  isTask,
  type StreamNode,
  topologyOf,
  typeOf,
} from "./document";
import { drawingOfBoard, hasBlocks } from "./fromDesignboard";
import { drawingOf } from "./fromTopology";
import { FormatError, record, without } from "./reading";

export interface Opened {
  drawing: Drawing;
  /** What the user should know about how it was opened. */
  note?: string;
}

/** A service's drawing. What runs is the topology: a drawing that says something else is drawn anew. */
export function openService(service: unknown): Opened {
  const object = record(service, "");
  const plain = drawingOf(object.topology);
  const rest = {
    service: without(object, "topology", "designboard"),
    topology: plain.rest.topology,
    board: {},
  };
  const fresh = { ...plain, rest };
  if (!hasBlocks(object.designboard)) return { drawing: fresh };
  try {
    const drawn = drawingOfBoard(object.designboard);
    const agreed = withDetails(drawn, plain);
    if (agreed) return { drawing: { ...agreed, rest: { ...rest, board: drawn.rest.board } } };
    const note =
      "The drawing that came with this topology shows something else than what runs. It was drawn anew.";
    return { drawing: fresh, note };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { drawing: fresh, note: `The drawing could not be read: ${error.message} It was drawn anew.` };
  }
}

export const serviceOf = (drawing: Drawing): Service => ({
  ...drawing.rest.service,
  topology: topologyOf(drawing),
  designboard: boardOf(drawing),
});

/** What a drawing means, whatever ids its nodes have. */
export const meaningOf = (drawing: Drawing): string => JSON.stringify(sorted(topologyOf(drawing)));

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sorted(v)]));
}

/** The drawing with the details of the topology, in its order; nothing when they do not agree. */
function withDetails(drawn: Drawing, topology: Drawing): Drawing | undefined {
  const tasks = new Map(drawn.nodes.filter(isTask).map((task) => [task.name, task]));
  const wanted = topology.nodes.filter(isTask);
  if (tasks.size !== wanted.length || drawn.nodes.filter(isTask).length !== wanted.length) return undefined;
  const nodes = new Map(drawn.nodes.map((node) => [node.id, node]));
  const toTasks: Edge[] = [];
  for (const task of wanted) {
    const own = tasks.get(task.name);
    if (!own) return undefined;
    const { id, x, y, block } = own;
    nodes.set(id, { ...task, id, x, y, block });
    const edges = paired(drawn, own.id, inputsOf(topology, task.id), nodes);
    if (!edges) return undefined;
    toTasks.push(...edges);
  }
  const order = [...wanted.map((task) => tasks.get(task.name)!.id), ...nodes.keys()];
  const agreed: Drawing = {
    ...topology,
    nodes: [...new Set(order)].map((id) => nodes.get(id)!),
    edges: [...drawn.edges.filter((edge) => nodes.get(edge.to)?.kind === "stream"), ...toTasks],
  };
  return meaningOf(agreed) === meaningOf(topology) ? agreed : undefined;
}

/** The edges into a task in the order of the topology's inputs, whose details their streams take over. */
function paired(drawn: Drawing, task: string, inputs: StreamNode[], nodes: Map<string, DrawingNode>) {
  const left = [...(indexOf(drawn).into.get(task) ?? [])];
  if (left.length !== inputs.length) return undefined;
  return inputs.map((input) => {
    const best = left.toSorted((a, b) => likeness(drawn, b, input) - likeness(drawn, a, input))[0]!;
    left.splice(left.indexOf(best), 1);
    const stream = nodes.get(best.from) as StreamNode;
    const { attributes, groupby, scoped, rest } = input;
    nodes.set(best.from, { ...stream, attributes, groupby, scoped, rest });
    return best;
  });
}

/** How well an edge's stream fits an input: 0 when it is of another type. */
function likeness(drawn: Drawing, edge: Edge, input: StreamNode): number {
  const stream = indexOf(drawn).nodes.get(edge.from) as StreamNode;
  if (typeOf(drawn, stream) !== input.type) return 0;
  return 1 + (stream.groupby === input.groupby ? 2 : 0) + (stream.scoped === input.scoped ? 1 : 0);
}
