// Reads the blocks of a drawing of FogFlow's first designer.
import type { DrawingNode, Rest, TaskNode } from "./document";
import { FormatError, list, number, record, text, texts, truth, without } from "./reading";

/** What the first form said per task. */
export interface TaskGrouping {
  groupby: string | undefined;
  shuffling: string[];
}

export interface Blocks {
  nodes: DrawingNode[];
  groupings: Map<string, TaskGrouping>;
  /** Streams whose grouping is the reading task's. */
  ungrouped: Set<string>;
}

export function readBlocks(value: unknown, path: string): Blocks {
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

export function idOf(value: unknown, path: string): string {
  const id = number(value, path);
  if (!Number.isInteger(id)) throw new FormatError(path, "must be a whole number.");
  return String(id);
}

/** Beyond it nothing would be found on the board. */
const FARTHEST = 100_000;

const coordinate = (value: unknown, path: string) =>
  Math.min(FARTHEST, Math.max(-FARTHEST, number(value ?? 0, path)));

function readBlock(block: Rest, id: string, path: string, blocks: Blocks): DrawingNode {
  const at = `${path}.values`;
  const values = record(block.values ?? {}, at);
  const common = {
    id,
    x: coordinate(block.x, `${path}.x`),
    y: coordinate(block.y, `${path}.y`),
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
