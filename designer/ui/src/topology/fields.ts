// Finds the node that the service means with a path such as `[0].topology.tasks[1].input_streams[0].selected_type`.
import { type Drawing, inputsOf, isTask } from "./document";
import type { Problem } from "./problems";

const members: Record<string, string> = {
  selected_type: "type",
  selected_attributes: "attributes",
  groupby: "groupby",
  scoped: "scoped",
};

/** What the service refused, as a problem of the drawing. */
export function problemAt(drawing: Drawing, text: string, path = ""): Problem {
  const problem: Problem = { severity: "error", text };
  const inner = path.replace(/^\[\d+\]\.?/, "").replace(/^topology\.?/, "");
  const found = /^tasks\[(\d+)\](?:\.(.+))?$/.exec(inner);
  if (!found) return inner === "name" || inner === "description" ? { ...problem, field: inner } : problem;
  const task = drawing.nodes.filter(isTask)[Number(found[1])];
  if (!task) return problem;
  return { ...problem, ...within(drawing, task.id, found[2] ?? "") };
}

function within(drawing: Drawing, task: string, path: string): Pick<Problem, "node" | "field"> {
  const output = /^output_streams\[(\d+)\]/.exec(path);
  if (output) return { node: task, field: `output.${output[1]}` };
  const input = /^input_streams\[(\d+)\](?:\.(\w+))?/.exec(path);
  const stream = input && inputsOf(drawing, task)[Number(input[1])];
  if (stream) return { node: stream.id, field: members[input[2] ?? ""] };
  return { node: task, field: path.startsWith("input_streams") ? "input" : path };
}
