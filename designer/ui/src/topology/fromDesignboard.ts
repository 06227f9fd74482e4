// Reads drawings of FogFlow's first designer, and ours, which are the same.
//
// Its first form had blocks `InputStream` without grouping, grouped per task, and joined tasks directly; it is turned into
// the later form, where each stream says how it is grouped.
import { type Blocks, idOf, readBlocks, type TaskGrouping } from "./blocks";
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
import { FormatError, list, number, record, without } from "./reading";

/** A line as the drawing has it, before it is known to make sense. */
interface Line {
  id: string;
  from: string;
  output: number;
  to: string;
  input: number;
  path: string;
}

/** How far below the first further streams in place of an `InputStream` stand. */
const BELOW = 90;

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

function joined(blocks: Blocks, lines: Line[]): Pick<Drawing, "nodes" | "edges"> {
  const joining = new Joining(blocks, lines);
  for (const line of inOrder(lines, blocks.groupings)) joining.draw(line);
  return { nodes: joining.nodes, edges: joining.edges };
}

/** Joins blocks line by line, with a stream put in where the first form had none. */
class Joining {
  readonly nodes: DrawingNode[];
  readonly edges: Edge[] = [];
  private readonly drawn: ReadonlyMap<string, DrawingNode>;
  private readonly nodeId: () => string;
  private readonly edgeId: () => string;
  /** The streams in place of an `InputStream`, by it and by how they are grouped. */
  private readonly inPlace = new Map<string, Map<string, string>>();
  private readonly seen = new Set<string>();
  private readonly used = new Set<string>();

  constructor(
    private readonly blocks: Blocks,
    lines: Line[],
  ) {
    this.nodes = [...blocks.nodes];
    this.drawn = new Map(blocks.nodes.map((node) => [node.id, node]));
    this.nodeId = freshIds(blocks.nodes);
    this.edgeId = freshIds(lines);
  }

  draw(line: Line) {
    const from = this.drawn.get(line.from);
    const to = this.drawn.get(line.to);
    if (!from || !to) throw new FormatError(line.path, "joins a block that is not there.");
    if (from.kind === "task") this.fromTask(line, from, to);
    else if (to.kind === "task") this.add({ from: this.streamFor(line, from), to: to.id }, line.id);
    else throw new FormatError(line.path, "leads from a stream to a stream; streams feed tasks only.");
  }

  private fromTask(line: Line, from: TaskNode, to: DrawingNode) {
    if (line.output >= from.outputs.length) {
      const problem = `names an output that task \`${from.name}\` does not have.`;
      throw new FormatError(`${line.path}.connector1`, problem);
    }
    const stream = to.kind === "task" ? this.between(line, from, to) : to.id;
    this.add({ from: from.id, output: line.output, to: stream }, line.id);
    if (to.kind === "task") this.add({ from: stream, to: to.id });
  }

  private between(line: Line, from: TaskNode, to: TaskNode): string {
    const id = this.nodeId();
    const x = Math.round((from.x + to.x) / 2);
    const y = Math.round((from.y + to.y) / 2);
    const groupby = this.grouping(line);
    this.nodes.push({ id, kind: "stream", x, y, type: "", attributes: [], groupby, scoped: true });
    return id;
  }

  /** The stream itself, or what stands for an `InputStream` with the grouping of the task that reads it. */
  private streamFor(line: Line, stream: StreamNode): string {
    if (!this.blocks.ungrouped.has(stream.id)) return stream.id;
    const groupby = this.grouping(line);
    const known = this.inPlace.get(stream.id) ?? new Map<string, string>();
    const same = known.get(groupby);
    if (same) return same;
    const id = known.size ? this.nodeId() : stream.id;
    const own = { ...stream, id, groupby, y: stream.y + BELOW * known.size };
    if (known.size) this.nodes.push(own);
    else this.nodes[this.nodes.findIndex((node) => node.id === id)] = own;
    this.inPlace.set(stream.id, known.set(groupby, id));
    return id;
  }

  private grouping(line: Line): string {
    const task = this.blocks.groupings.get(line.to);
    return groupOf(task?.groupby, task?.shuffling[line.input] ?? "");
  }

  /** Keeps the id of a line that has one of its own, and leaves out what is drawn twice. */
  private add(edge: Omit<Edge, "id">, wanted = "") {
    const key = `${edge.from} ${edge.output ?? ""} ${edge.to}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    const id = wanted && !this.used.has(wanted) ? wanted : this.edgeId();
    this.used.add(id);
    this.edges.push({ id, ...edge });
  }
}

/** The first form numbered the inputs of a task; the later one takes them as drawn. */
function inOrder(lines: Line[], groupings: Map<string, TaskGrouping>): Line[] {
  const numbered = (line: Line) => (groupings.get(line.to)?.shuffling.length ? line.input : 0);
  return lines.toSorted((a, b) => numbered(a) - numbered(b));
}
