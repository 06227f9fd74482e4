// Places nodes from left to right along the flow.
import { Graph, layout } from "@dagrejs/dagre";
import { type Drawing, type DrawingNode, isTask } from "./document";

export const TASK_WIDTH = 184;
export const STREAM_WIDTH = 164;
const TASK_HEIGHT = 62;
const OUTPUT_HEIGHT = 24;
const STREAM_HEIGHT = 62;

export function sizeOf(node: DrawingNode): { width: number; height: number } {
  if (!isTask(node)) return { width: STREAM_WIDTH, height: STREAM_HEIGHT };
  return { width: TASK_WIDTH, height: TASK_HEIGHT + OUTPUT_HEIGHT * Math.max(1, node.outputs.length) };
}

/** The drawing with every node in its place, the middle of the drawing at 0, 0. */
export function arranged(drawing: Drawing): Drawing {
  if (drawing.nodes.length === 0) return drawing;
  const graph = new Graph({ directed: true });
  graph.setGraph({ rankdir: "LR", nodesep: 32, ranksep: 44 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of drawing.nodes) graph.setNode(node.id, sizeOf(node));
  for (const edge of drawing.edges) graph.setEdge(edge.from, edge.to);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const nodes = drawing.nodes.map((node) => {
    const size = sizeOf(node);
    const { x, y } = graph.node(node.id) as { x: number; y: number };
    return {
      ...node,
      x: Math.round(x - size.width / 2 - width / 2),
      y: Math.round(y - size.height / 2 - height / 2),
    };
  });
  return { ...drawing, nodes };
}
