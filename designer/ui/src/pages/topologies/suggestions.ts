// What fields suggest: types that are known, and attributes that entities of a type have.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type EntityPage, useTypes } from "@/api/documents";
import { get } from "@/api/http";
import type { Element } from "@/api/types";
import { isStream, isTask } from "@/topology/document";
import { useDrawing } from "./store";

/** Entities looked at for the names of their attributes. */
const SAMPLE = 20;
const MAX_NAMES = 200;

export function useTypeNames(): string[] {
  const known = useTypes();
  const { nodes } = useDrawing();
  return useMemo(() => {
    const written = nodes.filter(isTask).flatMap((task) => task.outputs.map((output) => output.type));
    const read = nodes.filter(isStream).map((stream) => stream.type);
    return [...new Set([...Object.keys(known), ...written, ...read])]
      .filter(Boolean)
      .sort()
      .slice(0, MAX_NAMES);
  }, [known, nodes]);
}

export interface Names {
  attributes: string[];
  /** Attributes and domain metadata: what entities can be grouped by. */
  groupable: string[];
}

const none: Names = { attributes: [], groupable: [] };

export function useNames(type: string): Names {
  const there = useTypes()[type] !== undefined;
  const query = `/info/entity?type=${encodeURIComponent(type)}&limit=${SAMPLE}`;
  const page = useQuery({
    queryKey: ["entity names", type],
    queryFn: () => get<EntityPage>(query),
    enabled: there,
    retry: false,
    staleTime: 60_000,
  });
  return useMemo(() => (page.data ? namesOf(page.data.entities) : none), [page.data]);
}

export function namesOf(entities: Element[]): Names {
  const attributes = distinct(
    entities.flatMap((entity) => (entity.attributes ?? []).map(({ name }) => name)),
  );
  const metadata = entities.flatMap((entity) => (entity.domainMetadata ?? []).map(({ name }) => name));
  return { attributes, groupable: distinct([...attributes, ...metadata]) };
}

const distinct = (names: string[]) => [...new Set(names)].sort().slice(0, MAX_NAMES);
