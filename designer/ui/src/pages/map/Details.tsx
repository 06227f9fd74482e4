// What is selected on the map.
import type { ReactNode } from "react";
import { hashOf } from "@/app/router";
import { coordinates } from "@/map";
import { Button, ButtonLink, Card } from "@/ui";
import { EntityFacts, InstanceFacts, IntentFacts, NodeFacts } from "./Facts";
import css from "./map.module.css";
import { aboutOf, type Known, pointOf, shortId, type Thing } from "./model/things";

interface DetailsProps {
  thing: Thing;
  known: Known;
  onPick: (id: string) => void;
  onFly: (thing: Thing) => void;
  onClose: () => void;
}

export function Details({ thing, known, onPick, onFly, onClose }: DetailsProps) {
  const point = pointOf(thing, known);
  return (
    <Card
      title={thing.kind === "intent" ? `Intent of ${thing.intent.topology}` : shortId(thing.id)}
      actions={
        <>
          {point && <Button look="plain" icon="locate" aria-label="Go there" onClick={() => onFly(thing)} />}
          <Button look="plain" icon="close" aria-label="Close the details" onClick={onClose} />
        </>
      }
    >
      <div className={css.details}>
        <p className="soft">
          {thing.kind === "intent" ? thing.id : aboutOf(thing)}
          {point ? ` · ${coordinates(point)}` : " · without a place"}
        </p>
        {factsOf(thing, known, onPick)}
        <ButtonLink href={hrefOf(thing)}>{linkName[thing.kind]}</ButtonLink>
      </div>
    </Card>
  );
}

function factsOf(thing: Thing, known: Known, onPick: (id: string) => void): ReactNode {
  if (thing.kind === "entity") return <EntityFacts element={thing.element} />;
  if (thing.kind === "instance") return <InstanceFacts instance={thing.instance} onPick={onPick} />;
  if (thing.kind === "intent") return <IntentFacts intent={thing.intent} known={known} />;
  return <NodeFacts thing={thing} known={known} onPick={onPick} />;
}

const linkName: Record<Thing["kind"], string> = {
  worker: "Its task instances",
  broker: "The context",
  instance: "The running flow and its log",
  entity: "The entity in the context",
  intent: "The running flow",
};

function hrefOf(thing: Thing): string {
  if (thing.kind === "worker") return hashOf("running", [], { worker: thing.id });
  if (thing.kind === "broker") return hashOf("context");
  if (thing.kind === "intent") return hashOf("running", [thing.id]);
  if (thing.kind === "entity") {
    return hashOf("context", ["entities", thing.element.entityId.type], { id: thing.id });
  }
  return hashOf("running", [thing.instance.ServiceIntentID], { instance: thing.id });
}

interface SeveralProps {
  things: Thing[];
  onPick: (id: string) => void;
  onClose: () => void;
}

/** What stands at the very same place. */
export function Several({ things, onPick, onClose }: SeveralProps) {
  const close = <Button look="plain" icon="close" aria-label="Close the list" onClick={onClose} />;
  return (
    <Card title={`${things.length} at this place`} actions={close}>
      <ul className={css.several}>
        {things.map((thing) => (
          <li key={thing.id}>
            <Button look="plain" className={css.item} onClick={() => onPick(thing.id)}>
              <span className={css.name}>{shortId(thing.id)}</span>
              <span className={css.about}>{aboutOf(thing)}</span>
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}
