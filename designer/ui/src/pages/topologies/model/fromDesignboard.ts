// Reads drawings of FogFlow's first designer, and ours, which are the same.
//
// Its first form had blocks `InputStream` without grouping, grouped per task, and joined tasks directly; it is turned into
// the later form, where each stream says how it is grouped.
import {
  type Drawing,
  type DrawingNode,
  type Edge,
  emptyDrawing,
  freshIds,
  type Rest,
  type StreamNode,
  type TaskNode,
} from "./document";
import { groupOf } from "./fromTopology";
import { FormatError, list, number, record, text, texts, truth, without } from "./reading";

/** What the first form said per task. */
interface TaskGrouping {
  groupby: string | undefined;
  shuffling: string[];
}

interface Blocks {
  nodes: DrawingNode[];
  groupings: Map<string, TaskGrouping>;
  /** Streams whose grouping is the reading task's. */
  ungrouped: Set<string>;
}

/** A line as the drawing has it, before it is known to make sense. */
interface Line {
  id: string;
  from: string;
  output: number;
  to: string;
  input: number;
  path: string;
}

/** Whether there is anything drawn at all. */
export const hasBlocks = (board: unknown): board is Rest =>
  typeof board === "object" &&
  board !== null &&
  Array.isArray((board as Rest).blocks) &&
  ((board as Rest).blocks as unknown[]).length > 0;

export function drawingOfBoard(board: unknown, path = "designboard"): Drawing {
  const object = record(board, path);
  const blocks = readBlocks(object.blocks, `${path}.blocks`);
  const lines = list(object.edges, `${path}.edges`).map((edge, index) =>
    readLine(edge, `${path}.edges[${index}]`),
  );
  const drawing = emptyDrawing();
  return {
    ...drawing,
    ...joined(blocks, lines),
    rest: { ...drawing.rest, board: without(object, "blocks", "edges") },
  };
}

function readBlocks(value: unknown, path: string): Blocks {
  const blocks: Blocks = { nodes: [], groupings: new Map(), ungrouped: new Set() };
  const ids = new Set<string>();
  for (const [index, item] of list(value, path).entries()) {
    const at = `${path}[${index}]`;
    const block = record(item, at);
    const id = idOf(block.id, `${at}.id`);
    if (ids.has(id)) throw new FormatError(`${at}.id`, `${id} is there twice.`);
    ids.add(id);
    blocks.nodes.push(readBlock(block, id, at, blocks));
  }
  return blocks;
}

function idOf(value: unknown, path: string): string {
  const id = number(value, path);
  if (!Number.isInteger(id)) throw new FormatError(path, "must be a whole number.");
  return String(id);
}

function readBlock(block: Rest, id: string, path: string, blocks: Blocks): DrawingNode {
  const at = `${path}.values`;
  const values = record(block.values ?? {}, at);
  const common = {
    id,
    x: number(block.x ?? 0, `${path}.x`),
    y: number(block.y ?? 0, `${path}.y`),
  };
  const kept = (...known: string[]) => ({
    rest: without(block, "id", "x", "y", "type", "module", "values"),
    values: without(values, ...known),
  });
  const type = text(block.type, `${path}.type`);
  if (type === "Task") {
    const shuffling = texts(values.inputs, `${at}.inputs`);
    const groupby = values.groupby === undefined ? undefined : text(values.groupby, `${at}.groupby`);
    blocks.groupings.set(id, { groupby, shuffling });
    return {
      ...common,
      ...readTask(values, at),
      block: kept("name", "operator", "outputs", "inputs", "groupby"),
    };
  }
  if (type === "EntityStream" || type === "Shuffle") {
    return {
      ...common,
      ...readStream(values, at, type === "Shuffle"),
      block: kept("selectedtype", "selectedattributes", "groupby", "scoped"),
    };
  }
  if (type === "InputStream") {
    blocks.ungrouped.add(id);
    const entity = { selectedtype: values.entitytype, groupby: "ALL", scoped: values.scoped };
    return { ...common, ...readStream(entity, at, false), block: kept("entitytype", "scoped") };
  }
  throw new FormatError(
    `${path}.type`,
    `\`${type}\` is no block of a topology: Task, EntityStream or Shuffle.`,
  );
}

function readTask(values: Rest, path: string): Pick<TaskNode, "kind" | "name" | "operator" | "outputs"> {
  return {
    kind: "task",
    name: text(values.name, `${path}.name`),
    operator: text(values.operator, `${path}.operator`),
    outputs: texts(values.outputs, `${path}.outputs`).map((type) => ({ type })),
  };
}

function readStream(values: Rest, path: string, between: boolean) {
  const attributes = texts(values.selectedattributes, `${path}.selectedattributes`);
  const every = attributes.length === 1 && attributes[0]?.toLowerCase() === "all";
  return {
    kind: "stream" as const,
    type: text(values.selectedtype, `${path}.selectedtype`),
    attributes: every ? [] : attributes,
    groupby: text(values.groupby, `${path}.groupby`, "EntityID") || "ALL",
    // The first designer has no choice for streams between tasks: they are scoped.
    scoped: truth(values.scoped, `${path}.scoped`, between),
  };
}

function readLine(value: unknown, path: string): Line {
  const edge = record(value, path);
  const one = readEnd(edge.block1, edge.connector1, `${path}.block1`, `${path}.connector1`);
  const other = readEnd(edge.block2, edge.connector2, `${path}.block2`, `${path}.connector2`);
  const [from, to] = one.side === "input" ? [other, one] : [one, other];
  const id = Number.isInteger(edge.id) ? String(edge.id) : "";
  return { id, from: from.block, output: from.index, to: to.block, input: to.index, path };
}

function readEnd(block: unknown, connector: unknown, path: string, at: string) {
  const [, side, index] = list(connector, at);
  return { block: idOf(block, path), side, index: index == null ? 0 : number(index, `${at}[2]`) };
}

/** Joins the blocks, with a stream put in where the first form had none. */
function joined({ nodes, groupings, ungrouped }: Blocks, lines: Line[]): Pick<Drawing, "nodes" | "edges"> {
  const all = [...nodes];
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const nodeId = freshIds(nodes);
  const edgeId = freshIds(lines);
  const edges: Edge[] = [];
  const used = new Set<string>();
  const seen = new Set<string>();
  const add = (edge: Omit<Edge, "id">, id = "") => {
    const key = `${edge.from} ${edge.output ?? ""} ${edge.to}`;
    if (seen.has(key)) return;
    seen.add(key);
    const own = id && !used.has(id) ? id : edgeId();
    used.add(own);
    edges.push({ id: own, ...edge });
  };
  const group = (line: Line) => {
    const grouping = groupings.get(line.to);
    return groupOf(grouping?.groupby, grouping?.shuffling[line.input] ?? "");
  };
  const put = (stream: StreamNode) => {
    all.push(stream);
    return stream;
  };
  const grouped = new Map<string, { groupby: string; id: string }[]>();

  /** The stream in place of an `InputStream`, grouped as this task has it. */
  const asGrouped = (stream: StreamNode, groupby: string): string => {
    const known = grouped.get(stream.id) ?? [];
    const same = known.find((other) => other.groupby === groupby);
    if (same) return same.id;
    const first = known.length === 0;
    const own = first
      ? { ...stream, groupby }
      : { ...stream, groupby, id: nodeId(), y: stream.y + 90 * known.length };
    if (first) all[all.findIndex((node) => node.id === stream.id)] = own;
    else put(own);
    grouped.set(stream.id, [...known, { groupby, id: own.id }]);
    return own.id;
  };

  const between = (from: DrawingNode, to: DrawingNode, groupby: string): string =>
    put({
      id: nodeId(),
      kind: "stream",
      x: Math.round((from.x + to.x) / 2),
      y: Math.round((from.y + to.y) / 2),
      type: "",
      attributes: [],
      groupby,
      scoped: true,
    }).id;

  for (const line of inOrder(lines, groupings)) {
    const from = byId.get(line.from);
    const to = byId.get(line.to);
    if (!from || !to) throw new FormatError(line.path, "joins a block that is not there.");
    if (from.kind === "task" && line.output >= from.outputs.length) {
      throw new FormatError(
        `${line.path}.connector1`,
        `names an output that task \`${from.name}\` does not have.`,
      );
    }
    if (from.kind === "task" && to.kind === "task") {
      const id = between(from, to, group(line));
      add({ from: from.id, output: line.output, to: id }, line.id);
      add({ from: id, to: to.id });
    } else if (from.kind === "task") {
      add({ from: from.id, output: line.output, to: to.id }, line.id);
    } else if (to.kind === "task") {
      add({ from: ungrouped.has(from.id) ? asGrouped(from, group(line)) : from.id, to: to.id }, line.id);
    } else {
      throw new FormatError(line.path, "leads from a stream to a stream; streams feed tasks only.");
    }
  }
  return { nodes: all, edges };
}

/** The first form numbered the inputs of a task; the later one takes them as drawn. */
function inOrder(lines: Line[], groupings: Map<string, TaskGrouping>): Line[] {
  const numbered = (line: Line) => (groupings.get(line.to)?.shuffling.length ? line.input : 0);
  return lines.toSorted((a, b) => numbered(a) - numbered(b));
}
