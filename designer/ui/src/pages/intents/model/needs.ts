// What the tasks of a topology need before they run.
import type { Operator, Topology } from "@/api/types";

export interface Need {
  type: string;
  attributes: string[];
  groupby: string;
  scoped: boolean;
  /** How many entities of the type there are; undefined when another task of the topology makes them. */
  entities: number | undefined;
}

export interface TaskNeeds {
  task: string;
  operator: string;
  needs: Need[];
  makes: string[];
}

const countOf = (types: Record<string, number>, type: string) =>
  Object.hasOwn(types, type) ? types[type]! : 0;

export function needsOf(topology: Topology, types: Record<string, number>): TaskNeeds[] {
  const made = new Set(
    topology.tasks.flatMap((task) => (task.output_streams ?? []).map((stream) => stream.entity_type)),
  );
  return topology.tasks.map((task) => ({
    task: task.name,
    operator: task.operator,
    makes: (task.output_streams ?? []).map((stream) => stream.entity_type),
    needs: (task.input_streams ?? []).map((stream) => ({
      type: stream.selected_type,
      attributes: (stream.selected_attributes ?? []).filter((name) => name.toLowerCase() !== "all"),
      groupby: stream.groupby || "ALL",
      scoped: Boolean(stream.scoped),
      entities: made.has(stream.selected_type) ? undefined : countOf(types, stream.selected_type),
    })),
  }));
}

/** The types that come from outside of the topology, with whether the area limits them. */
export const inputsOf = (needs: TaskNeeds[]): Need[] => {
  const inputs = needs.flatMap((task) => task.needs).filter((need) => need.entities !== undefined);
  return [...new Map(inputs.map((need) => [`${need.type} ${need.scoped}`, need])).values()];
};

/** The types of which there is nothing yet. */
export const missing = (needs: TaskNeeds[]) => [
  ...new Set(inputsOf(needs).flatMap(({ type, entities }) => (entities === 0 ? [type] : []))),
];

export function groupText(groupby: string): string {
  if (groupby === "ALL" || groupby === "EntityType") return "one instance for all";
  if (groupby === "EntityID") return "one instance for each";
  return `one instance for each ${groupby}`;
}

/** The parameters that the operators of the topology know. */
export function parameterNames(
  topology: Topology | undefined,
  operators: Record<string, Operator>,
): string[] {
  const used = new Set(topology?.tasks.map((task) => task.operator));
  const names = [...used].flatMap((name) => (operators[name]?.parameters ?? []).map((one) => one.name));
  return [...new Set(names)].sort();
}
