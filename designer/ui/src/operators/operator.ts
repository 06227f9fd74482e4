// An operator's document as the form edits it: the document itself, so that members the form does not know stay.
import type { DockerImage, Operator, Parameter } from "@/api/types";
import { nameProblem } from "./names";
import { known, parameterOf, type RunsAs } from "./parameters";

/** A document in which the members that the form edits are there. */
export interface Draft extends Operator {
  description: string;
  parameters: Parameter[];
  dockerimages: DockerImage[];
  functionCode: string;
}

/** Other spellings of `functionCode` that the designer takes. */
const spellings = ["FunctionCode", "functioncode"];
const MAX_CODE = 1_000_000;

export const newOperator = (): Draft => draftOf({ name: "" });
export const newImage = (): DockerImage => ({
  name: "",
  tag: "latest",
  hwType: "X86",
  osType: "Linux",
  prefetched: false,
});

export const codeOf = (operator: Operator): string => {
  const texts = ["functionCode", ...spellings].map((member) => operator[member]);
  return texts.find((text): text is string => typeof text === "string" && text !== "") ?? "";
};

export function draftOf(operator: Operator): Draft {
  const members = Object.entries(operator).filter(([member]) => !spellings.includes(member));
  return {
    ...(Object.fromEntries(members) as Operator),
    description: operator.description ?? "",
    parameters: operator.parameters ?? [],
    dockerimages: operator.dockerimages ?? [],
    functionCode: codeOf(operator),
  };
}

/** What is sent: the draft without code when there is none. */
export function documentOf(draft: Draft): Operator {
  const { functionCode, ...rest } = draft;
  return functionCode.trim() ? draft : rest;
}

export const runsAs = (operator: Operator): RunsAs => ({
  image: (operator.dockerimages ?? []).length > 0,
  code: codeOf(operator).trim() !== "",
});

/** Problems by the path of the member, as the designer names it. */
export type Problems = ReadonlyMap<string, string>;

export function problemsOf(draft: Draft, taken: ReadonlySet<string>): Problems {
  const found = new Map<string, string>();
  const note = (path: string, problem: string | undefined) => problem && found.set(path, problem);
  const used = taken.has(draft.name) ? "is the name of another operator" : undefined;
  note("name", nameProblem(draft.name) ?? used);
  draft.dockerimages.forEach((image, index) => {
    note(`dockerimages[${index}].name`, image.name.trim() ? undefined : "must not be empty");
  });
  const runs = runsAs(draft);
  draft.parameters.forEach(({ name }, index) => {
    note(`parameters[${index}].name`, name ? undefined : "must not be empty");
    const value = parameterOf(draft.parameters, name);
    if (value) note(`parameters[${index}].value`, known.get(name)?.problem?.(value, runs));
  });
  note("functionCode", draft.functionCode.length > MAX_CODE ? "must not be longer than 1 MB" : undefined);
  return found;
}

/** `[0].dockerimages[0].name` of a request with one document names `dockerimages[0].name` of that. */
export const memberOf = (field: string) => field.replace(/^\[0\]\.?/, "");
