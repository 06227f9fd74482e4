// A fog function's document as the form edits it: the document itself, so that members the form does not know stay.
import type { FogFunction, InputStream, Intent, Operator, Task } from "@/api/types";
import { EVERYWHERE, scopeOf, scopeProblems } from "@/map/scope";
import { nameProblem } from "@/operators/names";
import type { Problems } from "@/operators/operator";
import { designboardOf } from "@/topology/designboard";

export const newInput = (): InputStream => ({
  selected_type: "",
  selected_attributes: [],
  groupby: "EntityID",
  scoped: false,
});

const newTask = (): Task => ({
  name: "main",
  operator: "",
  input_streams: [newInput()],
  output_streams: [{ entity_type: "" }],
});

const defaults = {
  stype: "ASYN",
  qos: "default",
  priority: { exclusive: false, level: 0 },
  geoscope: EVERYWHERE,
};

export const newFunction = (): FogFunction => ({
  name: "",
  topology: { name: "", description: "", tasks: [newTask()] },
  intent: { id: "", topology: "", ...defaults },
  status: "enabled",
});

/** A stored document with what the form edits filled in. */
export function draftOf(stored: FogFunction): FogFunction {
  const [first, ...others] = stored.topology.tasks ?? [];
  const task = { ...newTask(), ...first };
  const inputs = task.input_streams?.length ? task.input_streams.map(inputOf) : newTask().input_streams;
  const outputs = task.output_streams?.length ? task.output_streams : newTask().output_streams;
  const tasks = [{ ...task, input_streams: inputs, output_streams: outputs }, ...others];
  return { ...stored, topology: { ...stored.topology, tasks } };
}

function inputOf(stored: InputStream): InputStream {
  const attributes = stored.selected_attributes ?? [];
  const all = attributes.some((name) => name.toLowerCase() === "all");
  return {
    ...newInput(),
    ...stored,
    groupby: stored.groupby || "ALL",
    selected_attributes: all ? [] : attributes,
  };
}

export const taskOf = (draft: FogFunction): Task => draft.topology.tasks[0] ?? newTask();

export function withTask(draft: FogFunction, patch: Partial<Task>): FogFunction {
  const [, ...others] = draft.topology.tasks;
  const tasks = [{ ...taskOf(draft), ...patch }, ...others];
  return { ...draft, topology: { ...draft.topology, tasks } };
}

export const withIntent = (draft: FogFunction, patch: Partial<Intent>): FogFunction => ({
  ...draft,
  intent: { ...draft.intent, ...patch },
});

/** What is sent: names filled in, and drawn anew when the tasks are not those that were drawn. */
export function documentOf(draft: FogFunction, stored?: FogFunction): FogFunction {
  const name = draft.name;
  const task = taskOf(draft);
  const before = stored?.topology.tasks?.[0]?.input_streams ?? [];
  const sent = withTask(draft, {
    name: task.name || "main",
    input_streams: task.input_streams.map((input) => sentInput(input, before)),
    output_streams: task.output_streams.filter(({ entity_type }) => entity_type),
  });
  const topology = { ...sent.topology, name };
  const drawn = stored?.designboard && same(draftOf(stored).topology.tasks, draft.topology.tasks);
  return {
    ...sent,
    topology,
    intent: { ...draft.intent, topology: name },
    designboard: drawn ? stored.designboard : designboardOf(topology),
  };
}

/** One that is as it was is left as it was written. */
function sentInput(input: InputStream, before: InputStream[]): InputStream {
  const unchanged = before.find((stored) => same(inputOf(stored), input));
  if (unchanged) return unchanged;
  const attributes = input.selected_attributes.map((attribute) => attribute.trim()).filter(Boolean);
  return {
    ...input,
    selected_type: input.selected_type.trim(),
    groupby: input.groupby.trim(),
    selected_attributes: attributes.length ? attributes : ["all"],
  };
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The operator made for a function that brings its own code. */
export const operatorOf = (draft: FogFunction, code: string): Operator => ({
  name: draft.name,
  description: draft.topology.description || `The function of ${draft.name}`,
  parameters: [],
  dockerimages: [],
  functionCode: code,
});

export interface Known {
  /** Names of other fog functions. */
  functions: ReadonlySet<string>;
  services: ReadonlySet<string>;
  operators: ReadonlySet<string>;
}

/** Problems by the path of the member, as the designer names it; `code` when an operator is to be made of it. */
export function problemsOf(draft: FogFunction, known: Known, code?: string): Problems {
  const found = new Map<string, string>();
  const note = (path: string, problem: string | undefined) => problem && found.set(path, problem);
  note("name", nameProblem(draft.name) ?? taken(draft.name, known, code !== undefined));
  const task = taskOf(draft);
  const at = "topology.tasks[0]";
  if (code === undefined) note(`${at}.operator`, task.operator ? undefined : "must be chosen");
  else note("functionCode", code.trim() ? undefined : "must not be empty");
  note(`${at}.input_streams`, task.input_streams.length ? undefined : "must name at least one");
  task.input_streams.forEach((input, index) => {
    const path = `${at}.input_streams[${index}]`;
    note(`${path}.selected_type`, input.selected_type.trim() ? undefined : "must not be empty");
    note(`${path}.groupby`, input.groupby.trim() ? undefined : "must name an attribute or metadatum");
  });
  task.output_streams.forEach(({ entity_type }, index) => {
    if (entity_type) note(`${at}.output_streams[${index}].entity_type`, nameProblem(entity_type));
  });
  noteIntent(draft.intent, note);
  return found;
}

function taken(name: string, known: Known, needsOperator: boolean): string | undefined {
  if (known.functions.has(name)) return "is the name of another fog function";
  if (known.services.has(name)) return "is the name of a topology";
  if (needsOperator && known.operators.has(name))
    return "is the name of an operator: choose that, or another name";
  return undefined;
}

function noteIntent(intent: Intent, note: (path: string, problem: string | undefined) => void) {
  const level = intent.priority?.level ?? 0;
  note("intent.priority.level", Number.isSafeInteger(level) ? undefined : "must be a whole number");
  const scope = scopeOf(intent.geoscope);
  for (const [path, problem] of Object.entries(scope ? scopeProblems(scope) : {})) {
    note(`intent.geoscope.${path}`, problem);
  }
}

/** How the instances share the entities of an input, in words. */
export function groupingOf(groupby: string): string {
  if (groupby === "EntityID") return "one instance for each entity";
  if (groupby === "EntityType") return "one instance for each type";
  if (!groupby || groupby.toUpperCase() === "ALL") return "one instance in all";
  return `one instance for each ${groupby}`;
}
