// The drawing as React Flow wants it. What did not change stays the same object, so that it is not drawn again.
import { type Edge as FlowEdge, MarkerType, type Node } from "@xyflow/react";
import {
  type Drawing,
  type DrawingNode,
  type Edge,
  indexOf,
  isTask,
  type StreamNode,
  type TaskNode,
  typeOf,
} from "@/topology/document";
import type { Problem } from "@/topology/problems";
import type { Selection } from "./store";
import { streamWords, titleOf } from "./words";

type Marks = { severity: "" | Problem["severity"]; problems: number };

export type TaskData = Marks & { task: TaskNode };
export type StreamData = Marks & { stream: StreamNode; type: string; fed: boolean };
export type FlowNode = Node<TaskData, "task"> | Node<StreamData, "stream">;

export const outputHandle = (output: number | undefined) => (output === undefined ? "out" : `out-${output}`);
export const outputOf = (handle: string | null | undefined) =>
  handle?.startsWith("out-") ? Number(handle.slice(4)) : undefined;

export function flowNodes(
  drawing: Drawing,
  selection: Selection,
  problems: ReadonlyMap<string, Problem[]>,
  before: readonly FlowNode[],
): FlowNode[] {
  const known = new Map(before.map((node) => [node.id, node]));
  return drawing.nodes.map((node) => {
    const old = known.get(node.id);
    const data = dataOf(drawing, node, problems.get(node.id) ?? []);
    const selected = selection.nodes.has(node.id);
    const same = old?.type === node.kind && alike(old.data, data);
    if (same && old.selected === selected && old.position.x === node.x && old.position.y === node.y)
      return old;
    const kept = same ? old : { ...old, data, ariaLabel: labelOf(drawing, node, data) };
    return {
      ...kept,
      id: node.id,
      type: node.kind,
      position: { x: node.x, y: node.y },
      selected,
    } as FlowNode;
  });
}

function dataOf(drawing: Drawing, node: DrawingNode, problems: Problem[]): TaskData | StreamData {
  const error = problems.some((problem) => problem.severity === "error");
  const marks = {
    severity: error ? ("error" as const) : problems.length ? ("warning" as const) : ("" as const),
    problems: problems.length,
  };
  if (isTask(node)) return { ...marks, task: node };
  return { ...marks, stream: node, type: typeOf(drawing, node), fed: indexOf(drawing).into.has(node.id) };
}

/** Alike as far as is seen: a node that was only moved looks the same. */
function alike(a: TaskData | StreamData, b: TaskData | StreamData): boolean {
  if (a.severity !== b.severity || a.problems !== b.problems) return false;
  if ("task" in a && "task" in b) return sameTask(a.task, b.task);
  if ("stream" in a && "stream" in b) {
    return a.type === b.type && a.fed === b.fed && streamWords(a.stream) === streamWords(b.stream);
  }
  return false;
}

const sameTask = (a: TaskNode, b: TaskNode) =>
  a.name === b.name && a.operator === b.operator && a.outputs === b.outputs;

function labelOf(drawing: Drawing, node: DrawingNode, { problems }: Marks): string {
  const about = isTask(node) ? `operator ${node.operator || "none"}` : streamWords(node);
  const wrong = problems ? `, ${problems === 1 ? "1 problem" : `${problems} problems`}` : "";
  return `${titleOf(drawing, node)}, ${about}${wrong}`;
}

const marker = { type: MarkerType.ArrowClosed, color: "var(--line-strong)", width: 16, height: 16 };

export function flowEdges(drawing: Drawing, selection: Selection, before: readonly FlowEdge[]): FlowEdge[] {
  const known = new Map(before.map((edge) => [edge.id, edge]));
  const { nodes } = indexOf(drawing);
  const title = (id: string) => titleOf(drawing, nodes.get(id)!);
  return drawing.edges.map((edge) => {
    const old = known.get(edge.id);
    const selected = selection.edges.has(edge.id);
    const ariaLabel = `Line from ${title(edge.from)} to ${title(edge.to)}`;
    if (old && old.selected === selected && old.ariaLabel === ariaLabel && sameEnds(old, edge)) return old;
    return {
      id: edge.id,
      source: edge.from,
      sourceHandle: outputHandle(edge.output),
      target: edge.to,
      targetHandle: "in",
      selected,
      ariaLabel,
      markerEnd: marker,
    };
  });
}

const sameEnds = (old: FlowEdge, edge: Edge) =>
  old.source === edge.from && old.target === edge.to && old.sourceHandle === outputHandle(edge.output);
