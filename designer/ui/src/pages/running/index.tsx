// What runs: all intents and fog functions, one of them as a graph, and one task instance with its log.
import { useEffect, useMemo } from "react";
import { useLive } from "@/api/live";
import { hashOf, replace, usePlace } from "@/app/router";
import { ButtonLink, Empty, Loaded, Page } from "@/ui";
import { Detail } from "./Detail";
import type { Deployment } from "./deployments";
import { InstancePanel } from "./InstancePanel";
import { InstanceTable } from "./InstanceTable";
import { List } from "./List";
import css from "./running.module.css";
import { SelectionContext } from "./selection";
import { useDeployments } from "./useDeployments";
import { useOutputRates } from "./useOutputRates";

export default function Running() {
  const { rest, query } = usePlace();
  const [id] = rest;
  const selected = query.get("instance") ?? "";
  const worker = query.get("worker") ?? "";
  const deployments = useDeployments();
  useOutputRates(id);
  const selection = useMemo(() => {
    const select = (instance: string) =>
      replace("running", id ? [id] : [], { worker, instance: instance || undefined });
    return { selected, select };
  }, [id, worker, selected]);
  return (
    <SelectionContext value={selection}>
      <div className={css.split} data-open={Boolean(selected)}>
        <Loaded of={deployments}>
          {(all) =>
            id ? (
              <One id={id} deployment={all.find((one) => one.id === id)} />
            ) : (
              <All all={all} worker={worker} />
            )
          }
        </Loaded>
        {selected && <InstancePanel key={selected} id={selected} />}
      </div>
    </SelectionContext>
  );
}

function One({ id, deployment }: { id: string; deployment?: Deployment }) {
  if (deployment) return <Detail key={id} deployment={deployment} />;
  return (
    <Page title="Running">
      <Empty
        title="Nothing of this name runs here."
        action={<ButtonLink href={hashOf("running")}>All that runs</ButtonLink>}
      >
        There is no intent or enabled fog function <span className="mono">{id}</span>.
      </Empty>
    </Page>
  );
}

function All({ all, worker }: { all: Deployment[]; worker: string }) {
  const instances = useLive((live) => live.instances);
  const list = useMemo(() => [...instances.values()], [instances]);
  useEffect(() => {
    if (worker) document.getElementById("instances")?.scrollIntoView();
  }, [worker]);
  return (
    <Page title="Running" about="Intents and fog functions, and the task instances that came of them.">
      <List deployments={all} />
      {list.length > 0 && <InstanceTable key={worker} instances={list} worker={worker} mixed />}
    </Page>
  );
}
