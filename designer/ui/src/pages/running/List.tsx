// Everything that was asked for, with how far it has come.
import { useTypes } from "@/api/documents";
import { hashOf } from "@/app/router";
import { ButtonLink, Chip, Empty } from "@/ui";
import { type Deployment, missingFor, problemsOf, stateOf, trafficOf } from "./deployments";
import { Problems } from "./Problems";
import css from "./running.module.css";

export function List({ deployments }: { deployments: Deployment[] }) {
  if (deployments.length === 0) return <Nothing />;
  return (
    <ul className={css.cards} aria-label="Intents and fog functions">
      {deployments.map((deployment) => (
        <Item key={deployment.id} deployment={deployment} />
      ))}
    </ul>
  );
}

function Nothing() {
  return (
    <Empty
      title="Nothing has been asked for yet."
      action={
        <div className="row">
          <ButtonLink href={hashOf("intents")} look="primary">
            Add an intent
          </ButtonLink>
          <ButtonLink href={hashOf("functions")}>Write a fog function</ButtonLink>
        </div>
      }
    >
      An intent says which topology shall run, and where. A fog function is a single task that runs wherever
      its data is.
    </Empty>
  );
}

function Item({ deployment }: { deployment: Deployment }) {
  const { id, name, kind, summary, instances, tasks } = deployment;
  const types = useTypes();
  const state = stateOf(summary);
  const traffic = trafficOf(summary);
  return (
    <li className={css.item}>
      <div className={css.itemHead}>
        <a className={css.itemName} href={hashOf("running", [id])}>
          {name}
        </a>
        <Chip mood={state.mood}>{state.text}</Chip>
      </div>
      <div className={css.note}>
        {kindWords[kind]} <span className="mono">{id}</span>
      </div>
      {summary.total === 0 && <div className={css.note}>{missingFor(tasks, types)}</div>}
      {traffic && <div className={css.note}>{traffic}</div>}
      <Problems problems={problemsOf(instances)} most={2} />
    </li>
  );
}

export const kindWords: Record<Deployment["kind"], string> = {
  intent: "Intent",
  "fog function": "Fog function",
  unlisted: "Of an intent that this designer does not list:",
};
