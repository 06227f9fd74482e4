// One try-out: the sample, the request, and what came of it.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type EntityPage, useTypes } from "@/api/documents";
import { get, post, segment } from "@/api/http";
import type { Element, Tried } from "@/api/types";
import { marksOf, outputsOf, sampleOf, template, templateOf, textOf } from "./sample";

interface Attempt {
  code: string;
  entity: Element;
  outputs: { id: string; type: string }[];
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

export function useTryOut(code: string, outputType: string) {
  const [type, setType] = useState("");
  const [sample, setSample] = useState(() => textOf(template));
  const [output, setOutput] = useState(outputType);
  const [problem, setProblem] = useState<string>();
  const attempt = useMutation({ mutationFn: (body: Attempt) => post<Tried>("/tryout", body) });
  const taken = useMutation({ mutationFn: entityOf });

  const take = (wanted: string) => {
    setType(wanted);
    setSample(textOf(templateOf(wanted)));
    setProblem(undefined);
    taken.reset();
    if (wanted) taken.mutate(wanted, { onSuccess: (entity) => setSample(textOf(entity)) });
  };
  const run = () => {
    const read = sampleOf(sample);
    setProblem("problem" in read ? read.problem : undefined);
    if ("entity" in read && !attempt.isPending) {
      attempt.mutate({ code, entity: read.entity, outputs: outputsOf(output.trim()) });
    }
  };
  const stale = attempt.variables !== undefined && attempt.variables.code !== code;
  const tried = attempt.data;
  const marks = useMemo(() => (stale ? [] : marksOf(tried)), [tried, stale]);
  return {
    sample: { type, take, text: sample, setText: setSample, problem, taken },
    output: { type: output, set: setOutput },
    run,
    busy: attempt.isPending,
    failure: attempt.error,
    tried,
    marks,
    /** The code is not any more what was tried. */
    stale,
  };
}

export type TryOut = ReturnType<typeof useTryOut>;
