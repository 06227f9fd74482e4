// The graph as React Flow wants it. What instances do changes four times a second; nodes and places only with the structure.
import { type Edge, type Node, Position } from "@xyflow/react";
import { useMemo, useRef } from "react";
import type { Deployment } from "./deployments";
import { type Graph, type GraphNode, graphKey, graphOf, narrow, type Opened, wide } from "./graph";
import { type Direction, type Layout, layoutKey, layoutOf } from "./layout";

export type NodeData<K extends GraphNode["kind"] = GraphNode["kind"]> = {
  node: Extract<GraphNode, { kind: K }>;
  intent: string;
};
export type FlowNode<K extends GraphNode["kind"] = GraphNode["kind"]> = Node<NodeData<K>>;

export function useGraph({ id, instances, tasks }: Deployment, opened: Opened, small: boolean) {
  const made = useMemo(
    () => graphOf(instances, tasks, opened, small ? narrow : wide),
    [instances, tasks, opened, small],
  );
  const graph = useSame(made, graphKey(made));
  const arranged = useSame(graph, layoutKey(graph));
  const layout = useMemo(() => layoutOf(arranged, small), [arranged, small]);
  const nodes = useMemo(() => flowNodes(graph, layout, id), [graph, layout, id]);
  const edges = useMemo(() => flowEdges(graph), [graph]);
  return { nodes, edges, layout };
}

/** The earlier value, as long as its key is the same. */
function useSame<T>(value: T, key: string): T {
  const kept = useRef({ value, key });
  if (kept.current.key !== key) kept.current = { value, key };
  return kept.current.value;
}

const ends: Record<Direction, { targetPosition: Position; sourcePosition: Position }> = {
  LR: { targetPosition: Position.Left, sourcePosition: Position.Right },
  TB: { targetPosition: Position.Top, sourcePosition: Position.Bottom },
};

const flowNodes = ({ nodes }: Graph, { places, direction }: Layout, intent: string): FlowNode[] =>
  nodes.map((node) => {
    const { x = 0, y = 0, width, height } = places.get(node.id) ?? {};
    return {
      id: node.id,
      type: node.kind,
      position: { x, y },
      ...ends[direction],
      width,
      height,
      data: { node, intent } as NodeData,
    };
  });

const flowEdges = ({ edges }: Graph): Edge[] =>
  edges.map(({ id, from, to }) => ({ id, source: from, target: to }));
