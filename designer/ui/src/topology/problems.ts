// What keeps a drawing from working, found before the service finds it.
import {
  type Drawing,
  indexOf,
  inputsOf,
  isTask,
  type StreamNode,
  type TaskNode,
  typeOf,
  typesInto,
} from "./document";

export interface Problem {
  severity: "error" | "warning";
  text: string;
  /** The node it is about; otherwise it is about the topology. */
  node?: string;
  /** The field: `name`, `operator`, `output.0`, `type`, `input`. */
  field?: string;
}

const MAX_NAME_BYTES = 200;
const FORBIDDEN = "/\\?#%*<>\"'`";

/** What is wrong with a name, by the service's rules: names become parts of identifiers and addresses. */
export function nameProblem(name: string): string | undefined {
  if (!name) return "must not be empty";
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES)
    return `must not be longer than ${MAX_NAME_BYTES} bytes`;
  if (name === "." || name === "..") return "must not be `.` or `..`";
  if (name.trim() !== name) return "must not begin or end with a space";
  const bad = [...name].find((char) => FORBIDDEN.includes(char) || /\p{Cc}/u.test(char));
  return bad ? `must not contain ${JSON.stringify(bad)}` : undefined;
}

export interface Surroundings {
  /** Names of operators; unknown while they are being fetched. */
  operators: ReadonlySet<string> | undefined;
}

export function problemsOf(drawing: Drawing, { operators }: Surroundings): Problem[] {
  const tasks = drawing.nodes.filter(isTask);
  return [
    ...ofTopology(drawing, tasks),
    ...drawing.nodes.flatMap((node) =>
      isTask(node) ? ofTask(drawing, node, tasks, operators) : ofStream(drawing, node),
    ),
    ...withoutData(drawing, tasks),
  ];
}

function ofTopology(drawing: Drawing, tasks: TaskNode[]): Problem[] {
  const problems: Problem[] = [];
  const name = nameProblem(drawing.name);
  if (name) problems.push({ severity: "error", text: `The name of the topology ${name}.`, field: "name" });
  if (tasks.length === 0) problems.push({ severity: "error", text: "A topology needs at least one task." });
  return problems;
}

function ofTask(
  drawing: Drawing,
  task: TaskNode,
  tasks: TaskNode[],
  operators?: ReadonlySet<string>,
): Problem[] {
  const problems: Problem[] = [];
  const error = (field: string, text: string) =>
    problems.push({ severity: "error", node: task.id, field, text });
  const name = nameProblem(task.name);
  if (name) error("name", `The name of the task ${name}.`);
  else if (tasks.find((other) => other.name === task.name) !== task) {
    error("name", `There are two tasks named \`${task.name}\`.`);
  }
  if (!task.operator) error("operator", `Task \`${task.name}\` has no operator.`);
  else if (operators && !operators.has(task.operator)) {
    error("operator", `There is no operator \`${task.operator}\`.`);
  }
  if (inputsOf(drawing, task.id).length === 0) {
    error("input", `Task \`${task.name}\` has no input: a task starts when its input appears.`);
  }
  for (const [index, output] of task.outputs.entries()) {
    const problem = nameProblem(output.type);
    if (!problem) continue;
    const which = task.outputs.length > 1 ? `output ${index + 1}` : "the output";
    error(`output.${index}`, `The entity type of ${which} of \`${task.name}\` ${problem}.`);
  }
  return problems;
}

function ofStream(drawing: Drawing, stream: StreamNode): Problem[] {
  const problems: Problem[] = [];
  const index = indexOf(drawing);
  const read = index.outOf.has(stream.id);
  const fed = index.into.has(stream.id);
  if (!fed && !stream.type) {
    const text = "A stream has no entity type.";
    problems.push({ severity: read ? "error" : "warning", node: stream.id, field: "type", text });
  }
  if (!fed && stream.type.trim() !== stream.type) {
    const text = `The entity type \`${stream.type}\` begins or ends with a space.`;
    problems.push({ severity: "warning", node: stream.id, field: "type", text });
  }
  const types = typesInto(drawing, stream);
  if (types.length > 1) {
    const text = `A stream is fed with ${types.map((type) => `\`${type}\``).join(" and ")}; it can carry one type.`;
    problems.push({ severity: "error", node: stream.id, field: "type", text });
  }
  if (!stream.groupby) {
    const text = "Say by which attribute the stream is grouped.";
    problems.push({ severity: "error", node: stream.id, field: "groupby", text });
  }
  if (!read) {
    const type = typeOf(drawing, stream);
    const text = `No task reads the stream${type ? ` of \`${type}\`` : ""}.`;
    problems.push({ severity: "warning", node: stream.id, field: "readers", text });
  }
  return problems;
}

/** Tasks that wait for one another: none has an input that comes, over whatever tasks, from outside. */
function withoutData(drawing: Drawing, tasks: TaskNode[]): Problem[] {
  const produced = new Set(tasks.flatMap((task) => task.outputs.map((output) => output.type)));
  const existing = new Set<string>();
  const inputs = new Map(
    tasks.map((task) => [task.id, inputsOf(drawing, task.id).map((stream) => typeOf(drawing, stream))]),
  );
  let waiting = tasks.filter((task) => inputs.get(task.id)!.length > 0);
  for (let grown = true; grown; ) {
    const fed = waiting.filter((task) =>
      inputs.get(task.id)!.some((type) => !produced.has(type) || existing.has(type)),
    );
    for (const task of fed) for (const output of task.outputs) existing.add(output.type);
    waiting = waiting.filter((task) => !fed.includes(task));
    grown = fed.length > 0;
  }
  return waiting.map((task) => {
    const text = `Task \`${task.name}\` never gets data: \`${inputs.get(task.id)![0]}\` comes only from tasks that wait for one another.`;
    return { severity: "error", node: task.id, field: "input", text };
  });
}
