// Fog functions: `#/functions`, `#/functions/NAME`, `#/functions/NAME?edit`, `#/functions?new`.
import { useMemo } from "react";
import { useFogFunctions, useOperators, useServices } from "@/api/documents";
import type { FogFunction } from "@/api/types";
import { hashOf, usePlace } from "@/app/router";
import { ButtonLink, Empty, Loaded, Page } from "@/ui";
import { useKept } from "@/ui/useKept";
import { FunctionForm } from "./FunctionForm";
import { FunctionList } from "./FunctionList";
import { FunctionView } from "./FunctionView";
import type { Known } from "./fogFunction";

export default function FunctionsPage() {
  const functions = useFogFunctions();
  if (!functions.data) {
    return (
      <Page title="Fog functions">
        <Loaded of={functions}>{() => null}</Loaded>
      </Page>
    );
  }
  return <Functions functions={functions.data} />;
}

function Functions({ functions }: { functions: Record<string, FogFunction> }) {
  const { rest, query } = usePlace();
  const [name] = rest;
  const fog = name === undefined ? undefined : functions[name];
  const edited = useKept(query.has("edit") ? name : undefined, fog);
  if (query.has("new") || (name === "new" && !fog)) return <Form functions={functions} />;
  if (name === undefined) return <FunctionList functions={Object.values(functions)} />;
  if (edited && query.has("edit")) return <Form key={name} stored={edited} functions={functions} />;
  return fog ? <FunctionView fog={fog} /> : <NoFunction name={name} />;
}

function Form({ stored, functions }: { stored?: FogFunction; functions: Record<string, FogFunction> }) {
  const operators = useOperators().data;
  const services = useServices().data;
  const known = useMemo<Known>(
    () => ({
      functions: new Set(Object.keys(functions).filter((name) => name !== stored?.name)),
      services: new Set(Object.keys(services ?? {})),
      operators: new Set(Object.keys(operators ?? {})),
    }),
    [functions, services, operators, stored],
  );
  const gone = stored !== undefined && !functions[stored.name];
  return <FunctionForm stored={stored} gone={gone} known={known} />;
}

function NoFunction({ name }: { name: string }) {
  return (
    <Page title={name}>
      <Empty
        title="There is no fog function of this name."
        action={<ButtonLink href={hashOf("functions")}>All fog functions</ButtonLink>}
      >
        It may have been deleted meanwhile.
      </Empty>
    </Page>
  );
}
