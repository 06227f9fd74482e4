// One intent or fog function: how far it has come, what is wrong, the graph, and the same as a table.
import { lazy, Suspense } from "react";
import { useTypes } from "@/api/documents";
import { hashOf } from "@/app/router";
import { ButtonLink, Card, Chip, Empty, Page } from "@/ui";
import { type Deployment, missingFor, problemsOf, stateOf, trafficOf } from "./deployments";
import { InstanceTable } from "./InstanceTable";
import { kindWords } from "./List";
import { Problems } from "./Problems";
import css from "./running.module.css";

const GraphView = lazy(() => import("./GraphView"));

export function Detail({ deployment }: { deployment: Deployment }) {
  const { id, name, kind, summary, instances, tasks } = deployment;
  const types = useTypes();
  const state = stateOf(summary);
  const traffic = trafficOf(summary);
  const problems = problemsOf(instances);
  return (
    <Page
      title={name}
      about={
        <>
          {kindWords[kind]} <span className="mono">{id}</span>
        </>
      }
      actions={
        <>
          <Asked deployment={deployment} />
          <ButtonLink href={hashOf("running")}>All that runs</ButtonLink>
        </>
      }
      wide
    >
      <div className="row">
        <Chip mood={state.mood}>{state.text}</Chip>
        {traffic && <span className={css.note}>{traffic}</span>}
      </div>
      {summary.total === 0 && (
        <Empty title={missingFor(tasks, types)}>
          A task starts as soon as each of its inputs has an entity.{" "}
          <a href={hashOf("devices")}>Add a device</a> or <a href={hashOf("context")}>an entity</a> of that
          type.
        </Empty>
      )}
      {problems.length > 0 && (
        <Card title="Not running">
          <Problems problems={problems} most={12} />
        </Card>
      )}
      <div className={css.parts}>
        <Suspense fallback={<div className={css.graph} />}>
          <GraphView deployment={deployment} />
        </Suspense>
        {summary.total > 0 && <InstanceTable instances={instances} />}
      </div>
    </Page>
  );
}

/** Where it was asked for, to look at or change. */
function Asked({ deployment: { kind, id, name } }: { deployment: Deployment }) {
  if (kind === "unlisted") return null;
  const href = kind === "intent" ? hashOf("intents", [id]) : hashOf("functions", [name]);
  return (
    <ButtonLink href={href} icon={kind === "intent" ? "intents" : "functions"}>
      {kindWords[kind]}
    </ButtonLink>
  );
}
