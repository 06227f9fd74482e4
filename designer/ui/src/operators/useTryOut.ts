// One try-out: the sample, the request, and what came of it.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type EntityPage, useTypes } from "@/api/documents";
import { get, post, segment } from "@/api/http";
import type { Element, Parameter, Tried } from "@/api/types";
import { limitsOf, marksOf, outputsOf, sampleOf, templateOf, textOf } from "./sample";

interface Attempt {
  code: string;
  entity: Element;
  outputs: { id: string; type: string }[];
  parameters: Parameter[];
}

/** The entity types there are: as the stream tells, or asked for once until it does. */
export function useKnownTypes(): string[] {
  const live = Object.keys(useTypes());
  const asked = useQuery({
    queryKey: ["known types"],
    queryFn: () => get<string[]>("/info/type"),
    enabled: live.length === 0,
  });
  return (live.length ? live : (asked.data ?? [])).toSorted();
}

/** One entity of a type as it stands. */
async function entityOf(type: string): Promise<Element> {
  const page = await get<EntityPage>(`/info/entity?type=${segment(type)}&limit=1`);
  const [entity] = page.entities;
  if (!entity) throw new Error(`There is no entity of type ${type} now; this is an example of one.`);
  return entity;
}

/** The sample: an entity of the chosen type as it stands, an example where there is none, or what was made of it. */
function useSample(inputType: string) {
  const types = useKnownTypes();
  const [chosen, setChosen] = useState<string>();
  const [edited, setEdited] = useState<string>();
  const type = chosen ?? inputType;
  const taken = useQuery({
    queryKey: ["sample", type],
    queryFn: () => entityOf(type),
    enabled: types.includes(type),
    staleTime: 0,
    retry: false,
  });
  return {
    types,
    type,
    text: edited ?? textOf(taken.data ?? templateOf(type)),
    failure: taken.error,
    choose: (wanted: string) => {
      setChosen(wanted);
      setEdited(undefined);
      if (wanted === type && types.includes(wanted)) void taken.refetch();
    },
    edit: setEdited,
  };
}

const isOf = (attempt: Attempt, code: string, limits: Parameter[]) =>
  attempt.code === code && JSON.stringify(attempt.parameters) === JSON.stringify(limits);

interface Options {
  code: string;
  /** Those of the operator, whose limits hold here too. */
  parameters: Parameter[];
  /** What is tried unless others are chosen. */
  inputType: string;
  outputType: string;
}

export function useTryOut({ code, parameters, inputType, outputType }: Options) {
  const sample = useSample(inputType);
  const [chosenOutput, chooseOutput] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const attempt = useMutation({ mutationFn: (body: Attempt) => post<Tried>("/tryout", body) });
  const output = chosenOutput ?? outputType;

  const limits = limitsOf(parameters);

  const run = () => {
    const read = sampleOf(sample.text);
    setProblem("problem" in read ? read.problem : undefined);
    if ("entity" in read && !attempt.isPending) {
      attempt.mutate({
        code,
        entity: read.entity,
        outputs: outputsOf(output.trim()),
        parameters: limits,
      });
    }
  };
  const stale = attempt.variables !== undefined && !isOf(attempt.variables, code, limits);
  const tried = attempt.data;
  const marks = useMemo(() => (stale ? [] : marksOf(tried)), [tried, stale]);
  return {
    sample,
    problem,
    output,
    chooseOutput,
    run,
    busy: attempt.isPending,
    failure: attempt.error,
    tried,
    marks,
    /** The code or its limits are not any more what was tried. */
    stale,
  };
}

export type TryOut = ReturnType<typeof useTryOut>;
