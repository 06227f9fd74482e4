// Writes the drawing the way FogFlow's first designer does, so that both open it.
//
// Its editor refuses a block with a value it does not know, so that a block holds exactly the values named here; what it
// has no place for, such as whether a stream between tasks is scoped, stands in the topology.
import type { Topology } from "@/api/types";
import {
  type Drawing,
  type DrawingNode,
  type Edge,
  type Index,
  indexOf,
  isTask,
  type Rest,
} from "./document";
import { drawingOf } from "./fromTopology";

export type Connector = [name: string, side: "input" | "output", index?: number];

export interface Block {
  id: number;
  x: number;
  y: number;
  type: "Task" | "EntityStream" | "Shuffle";
  module: null;
  values: Rest;
}

export interface BoardEdge {
  id: number;
  block1: number;
  connector1: Connector;
  block2: number;
  connector2: Connector;
}

export interface Designboard {
  edges: BoardEdge[];
  blocks: Block[];
}

/** The drawing of a topology that has none. */
export const designboardOf = (topology: Topology): Designboard => boardOf(drawingOf(topology));

export function boardOf(drawing: Drawing): Designboard {
  const index = indexOf(drawing);
  return {
    ...drawing.rest.board,
    edges: drawing.edges.map((edge) => boardEdge(edge, index)),
    blocks: drawing.nodes.map((node) => block(node, index)),
  };
}

function block(node: DrawingNode, index: Index): Block {
  const [type, values] = kindOf(node, index);
  return {
    id: Number(node.id),
    x: Math.round(node.x),
    y: Math.round(node.y),
    type,
    module: null,
    ...node.block?.rest,
    values: { ...node.block?.values, ...values },
  };
}

function kindOf(node: DrawingNode, index: Index): [Block["type"], Rest] {
  if (isTask(node)) {
    const { name, operator, outputs } = node;
    return ["Task", { name, operator, outputs: outputs.map((output) => output.type) }];
  }
  const selectedattributes = node.attributes.length ? node.attributes : ["all"];
  const { groupby, scoped, type } = node;
  if (index.into.has(node.id)) return ["Shuffle", { selectedattributes, groupby }];
  return ["EntityStream", { selectedtype: type, selectedattributes, groupby, scoped }];
}

const boardEdge = (edge: Edge, index: Index): BoardEdge => ({
  id: Number(edge.id),
  block1: Number(edge.from),
  connector1: edge.output === undefined ? ["stream", "output"] : ["outputs", "output", edge.output],
  block2: Number(edge.to),
  connector2: index.nodes.get(edge.to)?.kind === "task" ? ["streams", "input"] : ["in", "input"],
});
