// Changes to a drawing. Each gives a new drawing and leaves the old one as it was, for undo.
import { type Link, refusal } from "./connect";
import {
  type Drawing,
  type DrawingNode,
  type Edge,
  freshIds,
  indexOf,
  isTask,
  nodeOf,
  type StreamNode,
  type TaskNode,
  typeOf,
} from "./document";
import { STREAM_WIDTH, TASK_WIDTH } from "./layout";

export interface Spot {
  x: number;
  y: number;
}

export const newStream = (type: string): Omit<StreamNode, "id" | "x" | "y"> => ({
  kind: "stream",
  type,
  attributes: [],
  groupby: "EntityID",
  scoped: false,
});

/** `face-counter` writes `FaceCounterResult` unless somebody says otherwise. */
function outputTypeOf(operator: string): string {
  const words = operator.split(/[^\p{L}\p{N}]+/u);
  return `${words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("")}Result`;
}

export function newTask(drawing: Drawing, operator: string): Omit<TaskNode, "id" | "x" | "y"> {
  const name = uniqueName(drawing, operator || "task");
  return { kind: "task", name, operator, outputs: [{ type: outputTypeOf(operator) }] };
}

export function uniqueName(drawing: Pick<Drawing, "nodes">, wanted: string): string {
  const names = new Set(drawing.nodes.filter(isTask).map((task) => task.name));
  if (!names.has(wanted)) return wanted;
  const base = wanted.replace(/ \d+$/, "");
  for (let number = 2; ; number++) if (!names.has(`${base} ${number}`)) return `${base} ${number}`;
}

type Unplaced = Omit<TaskNode, "id" | "x" | "y"> | Omit<StreamNode, "id" | "x" | "y">;

export function added(drawing: Drawing, node: Unplaced, at: Spot): [Drawing, id: string] {
  const id = freshIds(drawing.nodes)();
  const placed: DrawingNode = { ...node, id, x: Math.round(at.x), y: Math.round(at.y) };
  return [{ ...drawing, nodes: [...drawing.nodes, placed] }, id];
}

/** Draws the line. Between two tasks a stream is put, which says how the second one reads the first. */
export function connected(drawing: Drawing, link: Link): Drawing {
  if (refusal(drawing, link)) return drawing;
  const from = nodeOf(drawing, link.from)!;
  const to = nodeOf(drawing, link.to)!;
  if (!isTask(from)) return withEdges(drawing, { from: from.id, to: to.id });
  const out = { from: from.id, output: link.output ?? 0 };
  if (!isTask(to)) return withEdges(drawing, { ...out, to: to.id });
  const middle = {
    x: (from.x + TASK_WIDTH + to.x - STREAM_WIDTH) / 2,
    y: (from.y + to.y) / 2 + (Math.abs(to.x - from.x) < TASK_WIDTH + STREAM_WIDTH ? 110 : 0),
  };
  const [drawn, stream] = added(drawing, newStream(""), middle);
  return withEdges(drawn, { ...out, to: stream }, { from: stream, to: to.id });
}

function withEdges(drawing: Drawing, ...edges: Omit<Edge, "id">[]): Drawing {
  const id = freshIds(drawing.edges);
  return { ...drawing, edges: [...drawing.edges, ...edges.map((edge) => ({ id: id(), ...edge }))] };
}

/** Takes away nodes with their lines, and lines. A stream that loses the task that fed it keeps its type. */
export function removed(drawing: Drawing, nodes: ReadonlySet<string>, edges: ReadonlySet<string>): Drawing {
  const stays = (edge: Edge) => !edges.has(edge.id) && !nodes.has(edge.from) && !nodes.has(edge.to);
  return keepingTypes(drawing, {
    ...drawing,
    nodes: drawing.nodes.filter((node) => !nodes.has(node.id)),
    edges: drawing.edges.filter(stays),
  });
}

function keepingTypes(before: Drawing, after: Drawing): Drawing {
  const fed = indexOf(before).into;
  const still = indexOf(after).into;
  const nodes = after.nodes.map((node) =>
    !isTask(node) && fed.has(node.id) && !still.has(node.id) ? { ...node, type: typeOf(before, node) } : node,
  );
  return { ...after, nodes };
}

export function moved(drawing: Drawing, places: ReadonlyMap<string, Spot>): Drawing {
  const nodes = drawing.nodes.map((node) => {
    const place = places.get(node.id);
    return place ? { ...node, x: Math.round(place.x), y: Math.round(place.y) } : node;
  });
  return { ...drawing, nodes };
}

type Fields = Partial<Omit<TaskNode, "id" | "kind"> & Omit<StreamNode, "id" | "kind">>;

export function changed(drawing: Drawing, id: string, fields: Fields): Drawing {
  const nodes = drawing.nodes.map((node) =>
    node.id === id ? ({ ...node, ...fields } as DrawingNode) : node,
  );
  return { ...drawing, nodes };
}

const taskIn = (drawing: Drawing, id: string) => nodeOf(drawing, id) as TaskNode;

export function outputAdded(drawing: Drawing, id: string, type = ""): Drawing {
  return changed(drawing, id, { outputs: [...taskIn(drawing, id).outputs, { type }] });
}

export function outputChanged(drawing: Drawing, id: string, at: number, type: string): Drawing {
  const outputs = taskIn(drawing, id).outputs.map((output, index) =>
    index === at ? { ...output, type } : output,
  );
  return changed(drawing, id, { outputs });
}

/** Takes an output away with its lines; later ones move up. */
export function outputRemoved(drawing: Drawing, id: string, at: number): Drawing {
  const own = (edge: Edge) => edge.from === id && edge.output !== undefined;
  const lost = drawing.edges.filter((edge) => own(edge) && edge.output === at).map((edge) => edge.id);
  const left = removed(drawing, new Set(), new Set(lost));
  const edges = left.edges.map((edge) =>
    own(edge) && edge.output! > at ? { ...edge, output: edge.output! - 1 } : edge,
  );
  return changed({ ...left, edges }, id, {
    outputs: taskIn(drawing, id).outputs.filter((_, index) => index !== at),
  });
}

/** Nodes that were copied, with the lines among them. */
export interface Clip {
  nodes: DrawingNode[];
  edges: Edge[];
}

export function copied(drawing: Drawing, ids: ReadonlySet<string>): Clip {
  const nodes = drawing.nodes
    .filter((node) => ids.has(node.id))
    .map((node) => (isTask(node) ? node : { ...node, type: typeOf(drawing, node) }));
  return { nodes, edges: drawing.edges.filter((edge) => ids.has(edge.from) && ids.has(edge.to)) };
}

/** Puts copies in, a little aside of what they were copied from. */
export function pasted(drawing: Drawing, clip: Clip, aside: number): [Drawing, ids: Set<string>] {
  const nodeId = freshIds(drawing.nodes);
  const edgeId = freshIds(drawing.edges);
  const ids = new Map(clip.nodes.map((node) => [node.id, nodeId()]));
  const nodes = [...drawing.nodes];
  for (const node of clip.nodes) {
    const copy = { ...node, id: ids.get(node.id)!, x: node.x + aside, y: node.y + aside };
    nodes.push(isTask(copy) ? { ...copy, name: uniqueName({ nodes }, copy.name) } : copy);
  }
  const edges = clip.edges.map((edge) => ({
    ...edge,
    id: edgeId(),
    from: ids.get(edge.from)!,
    to: ids.get(edge.to)!,
  }));
  return [{ ...drawing, nodes, edges: [...drawing.edges, ...edges] }, new Set(ids.values())];
}
