// The graph of one deployment as it really runs: entities, the task instances that read them, and what these write.
import type { Instance, Task } from "@/api/types";
import { byName, grouped } from "./deployments";

export interface Limits {
  /** More entities of one type, or instances of one task, than this have one node and no line to each. */
  lines: number;
  /** More instances than this are counted only, until the reader opens their task. */
  open: number;
}

export const wide: Limits = { lines: 8, open: 40 };
export const narrow: Limits = { lines: 2, open: 4 };

export type GraphNode =
  | { id: string; kind: "entity"; type: string; entity: string }
  | { id: string; kind: "entities"; type: string; count: number }
  | { id: string; kind: "instance"; instance: string }
  /** All instances of a task counted; none while the task waits for data. */
  | { id: string; kind: "task"; task: string; planned: boolean }
  /** All instances of a task side by side. */
  | { id: string; kind: "tiles"; task: string; instances: string[] };

export interface GraphEdge {
  id: string;
  from: string;
  to: string;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

/** Which tasks the reader has opened (true) or closed. */
export type Opened = Readonly<Record<string, boolean>>;

export function graphOf(
  instances: readonly Instance[],
  tasks: readonly Task[],
  opened: Opened,
  limits: Limits = wide,
): Graph {
  const byTask = grouped(instances, (instance) => instance.TaskName);
  const entities = entityNodes(instances, limits.lines);
  const graph = new Builder();
  const apart = tasksApart(byTask, limits.open);
  for (const [task, own] of [...byTask].sort(([a], [b]) => byName(a, b))) {
    const open = opened[task] ?? apart.has(task);
    const nodeOf = open ? openNodes(graph, task, own, limits.lines) : closedNode(graph, task);
    for (const instance of own) {
      const node = nodeOf(instance);
      for (const input of instance.Inputs ?? []) graph.edge(graph.node(entities(input)), node);
      for (const output of instance.Outputs ?? []) graph.edge(node, graph.node(entities(output)));
    }
  }
  for (const task of tasks) if (!byTask.has(task.name)) plan(graph, task, entities);
  return graph.done();
}

type EntityOf = (entity: { Type: string; ID: string }) => GraphNode;

/** One node for each entity, or for all of a type that has many. */
function entityNodes(instances: readonly Instance[], most: number): EntityOf {
  const ids = new Map<string, Set<string>>();
  for (const { Inputs = [], Outputs = [] } of instances) {
    for (const { Type, ID } of [...Inputs, ...Outputs]) {
      const known = ids.get(Type) ?? new Set();
      ids.set(Type, ID ? known.add(ID) : known);
    }
  }
  return ({ Type: type, ID: entity }) => {
    const count = ids.get(type)?.size ?? 0;
    if (!entity || count > most) return { id: `type:${type}`, kind: "entities", type, count };
    return { id: `entity:${type}/${entity}`, kind: "entity", type, entity };
  };
}

/** The tasks whose instances are all shown at first: the smallest first, while there is room. */
function tasksApart(byTask: ReadonlyMap<string, readonly Instance[]>, most: number): Set<string> {
  const apart = new Set<string>();
  let room = most;
  for (const [task, own] of [...byTask].sort(([, a], [, b]) => a.length - b.length)) {
    room -= own.length;
    if (room >= 0) apart.add(task);
  }
  return apart;
}

type NodeOf = (instance: Instance) => string;

function openNodes(graph: Builder, task: string, own: readonly Instance[], most: number): NodeOf {
  if (own.length > most) {
    const instances = own.map((instance) => instance.ID).sort(byName);
    const id = graph.node({ id: `tiles:${task}`, kind: "tiles", task, instances });
    return () => id;
  }
  return ({ ID }) => graph.node({ id: `instance:${ID}`, kind: "instance", instance: ID });
}

function closedNode(graph: Builder, task: string): NodeOf {
  const id = graph.node({ id: `task:${task}`, kind: "task", task, planned: false });
  return () => id;
}

/** A task of the topology that has no instance yet. */
function plan(graph: Builder, task: Task, entities: EntityOf) {
  const node = graph.node({ id: `task:${task.name}`, kind: "task", task: task.name, planned: true });
  const ofType = (type: string) => {
    const known = graph.ofType(type);
    return known.length > 0 ? known : [graph.node(entities({ Type: type, ID: "" }))];
  };
  for (const { selected_type } of task.input_streams) {
    for (const from of ofType(selected_type)) graph.edge(from, node);
  }
  for (const { entity_type } of task.output_streams) graph.edge(node, ofType(entity_type)[0]!);
}

class Builder {
  private readonly nodes = new Map<string, GraphNode>();
  private readonly edges = new Map<string, GraphEdge>();

  node(node: GraphNode): string {
    if (!this.nodes.has(node.id)) this.nodes.set(node.id, node);
    return node.id;
  }

  edge(from: string, to: string) {
    const id = `${from}→${to}`;
    if (!this.edges.has(id)) this.edges.set(id, { id, from, to });
  }

  ofType(type: string): string[] {
    const nodes = [...this.nodes.values()];
    return nodes.filter((node) => "type" in node && node.type === type).map((node) => node.id);
  }

  done(): Graph {
    return { nodes: [...this.nodes.values()], edges: [...this.edges.values()] };
  }
}

/** The same for graphs that look the same. */
export const graphKey = ({ nodes, edges }: Graph) => JSON.stringify([nodes, edges.map((edge) => edge.id)]);
