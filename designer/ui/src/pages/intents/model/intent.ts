// An intent's document as the form edits it: the document itself, so that members the form does not know stay.
import type { GeoScope, Intent, Parameter } from "@/api/types";
import { EVERYWHERE, type ScopeProblems, scopeOf, scopeProblems } from "@/map/scope";

export interface Draft {
  topology: string;
  stype: string;
  qos: string;
  level: number;
  exclusive: boolean;
  /** Undefined when it is of a kind that cannot be drawn: then it stays as it is. */
  scope: GeoScope | undefined;
  parameters: Parameter[];
}

/** What the service, or this form, finds wrong, by the path of the member. */
export type Problems = Readonly<Record<string, string>>;

/** What to optimise for, by the names of the original API; other spellings are those of its form. */
export const qualities = [
  { value: "default", name: "None", same: ["", "default", "none"] },
  { value: "Max Throughput", name: "Max throughput", same: ["max throughput", "max_throughput"] },
  { value: "Min Latency", name: "Min latency", same: ["min latency", "min_latency"] },
  { value: "Min Cost", name: "Min cost", same: ["min cost", "min_cost"] },
];

const qualityOf = (qos: string | undefined) =>
  qualities.find(({ same }) => same.includes((qos ?? "").toLowerCase()));

/** The value of the choice; what is none of them stays as it is written. */
export const qosOf = (qos: string | undefined) => qualityOf(qos)?.value ?? qos ?? "default";
export const qosName = (qos: string | undefined) => qualityOf(qos)?.name ?? qos ?? "None";

export function newDraft(topology: string, scope: GeoScope = EVERYWHERE): Draft {
  return { topology, stype: "ASYN", qos: "default", level: 0, exclusive: false, scope, parameters: [] };
}

export const draftOf = (intent: Intent): Draft => ({
  topology: intent.topology,
  stype: intent.stype || "ASYN",
  qos: qosOf(intent.qos),
  level: intent.priority?.level ?? 0,
  exclusive: intent.priority?.exclusive ?? false,
  scope: scopeOf(intent.geoscope),
  parameters: intent.parameters ?? [],
});

/** What is sent. What means the same is left as it was written. */
export function documentOf(draft: Draft, stored?: Intent): Partial<Intent> {
  const { action, TopologyObject, ...rest } = (stored ?? {}) as Partial<Intent>;
  const before = stored && draftOf(stored);
  return {
    ...rest,
    topology: draft.topology,
    stype: before?.stype === draft.stype ? stored?.stype : draft.stype,
    qos: before?.qos === draft.qos ? stored?.qos : draft.qos,
    priority: { ...stored?.priority, exclusive: draft.exclusive, level: draft.level },
    geoscope: same(before?.scope, draft.scope) ? stored?.geoscope : draft.scope,
    parameters: draft.parameters,
  };
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

export function problemsOf(draft: Draft): Problems {
  const problems: Record<string, string> = {};
  if (!draft.topology) problems.topology = "Choose what is to run.";
  if (!Number.isSafeInteger(draft.level)) problems["priority.level"] = "The level is a whole number.";
  for (const [path, problem] of Object.entries(draft.scope ? scopeProblems(draft.scope) : {})) {
    problems[`geoscope.${path}`] = problem;
  }
  const seen = new Set<string>();
  for (const [index, { name }] of draft.parameters.entries()) {
    const path = `parameters[${index}].name`;
    if (!name) problems[path] = "A parameter has a name.";
    else if (seen.has(name)) problems[path] = `${name} is there twice.`;
    seen.add(name);
  }
  return problems;
}

const SCOPE = "geoscope.";

/** Those of the area, as its editor names them. */
export const scopeProblemsOf = (problems: Problems): ScopeProblems =>
  Object.fromEntries(
    Object.entries(problems)
      .filter(([path]) => path.startsWith(SCOPE))
      .map(([path, problem]) => [path.slice(SCOPE.length), problem]),
  );

/** The area in an address; undefined when there is none that can be used. */
export function scopeIn(text: string | null): GeoScope | undefined {
  try {
    const scope = text ? scopeOf(JSON.parse(text)) : undefined;
    return scope && Object.keys(scopeProblems(scope)).length === 0 ? scope : undefined;
  } catch {
    return undefined;
  }
}
