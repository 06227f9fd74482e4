// A topology in a few words, for the list.
import type { Task, Topology } from "@/api/types";

export interface TaskSummary {
  task: string;
  inputs: string[];
  operator: string;
  outputs: string[];
}

const summaryOf = (task: Task): TaskSummary => ({
  task: task.name,
  inputs: (task.input_streams ?? []).map((stream) => stream.selected_type),
  operator: task.operator,
  outputs: (task.output_streams ?? []).map((stream) => stream.entity_type),
});

/** Tasks in the order in which data passes them, as far as there is one. */
export function summariesOf(topology: Topology): TaskSummary[] {
  const left = (topology.tasks ?? []).map(summaryOf);
  const sorted: TaskSummary[] = [];
  while (left.length) {
    const awaited = new Set(left.flatMap((task) => task.outputs));
    const next = left.findIndex((task) => task.inputs.every((type) => !awaited.has(type)));
    sorted.push(...left.splice(Math.max(0, next), 1));
  }
  return sorted;
}
