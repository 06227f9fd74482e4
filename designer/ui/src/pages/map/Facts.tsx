// What is known of the things on the map.
import { Fragment, type ReactNode } from "react";
import type { Element, Instance, Intent } from "@/api/types";
import { hashOf } from "@/app/router";
import { scopeOf, scopeText } from "@/map";
import { Button, plural, rate, StateChip, shortValue } from "@/ui";
import css from "./map.module.css";
import { type Known, shortId, type Thing } from "./model/things";

/** More instances or streams than this are counted, not listed. */
const MAX_LISTED = 12;

function Facts({ of }: { of: [name: string, value: ReactNode][] }) {
  return (
    <dl className={css.facts}>
      {of
        .filter(([, value]) => value !== undefined && value !== "")
        .map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
    </dl>
  );
}

export function EntityFacts({ element }: { element: Element }) {
  const rows = [
    ...(element.attributes ?? []).map(({ name, value }) => [name, shortValue(value)] as [string, string]),
    ...(element.domainMetadata ?? [])
      .filter(({ name }) => name.toLowerCase() !== "location")
      .map(({ name, value }) => [name, shortValue(value)] as [string, string]),
  ];
  return rows.length > 0 ? <Facts of={rows} /> : <p className="soft">It has no attributes.</p>;
}

type Pick = (id: string) => void;

export function InstanceFacts({ instance, onPick }: { instance: Instance; onPick: Pick }) {
  const stream = (streams: Instance["Inputs"]) =>
    streams?.length ? <Links ids={streams.map((one) => one.ID)} onPick={onPick} /> : undefined;
  return (
    <Facts
      of={[
        ["State", <StateChip key="state" state={instance.Status} />],
        ["Reason", instance.Reason],
        [
          "Instance",
          <span key="id" className="mono">
            {instance.ID}
          </span>,
        ],
        ["Topology", instance.TopologyName],
        ["Intent", <Links key="intent" ids={[instance.ServiceIntentID]} onPick={onPick} />],
        ["Worker", instance.Worker && <Links key="worker" ids={[instance.Worker]} onPick={onPick} />],
        ["Rates", `${rate(instance.InputRate)} in, ${rate(instance.OutputRate)} out`],
        ["Inputs", stream(instance.Inputs)],
        ["Outputs", stream(instance.Outputs)],
      ]}
    />
  );
}

function Links({ ids, onPick }: { ids: string[]; onPick: Pick }) {
  return (
    <ul>
      {ids.slice(0, MAX_LISTED).map((id) => (
        <li key={id}>
          <Button look="plain" className={css.link} onClick={() => onPick(id)}>
            {shortId(id)}
          </Button>
        </li>
      ))}
      {ids.length > MAX_LISTED && <li className="soft">and {ids.length - MAX_LISTED} more</li>}
    </ul>
  );
}

interface NodeFactsProps {
  thing: Extract<Thing, { kind: "worker" | "broker" }>;
  known: Known;
  onPick: Pick;
}

export function NodeFacts({ thing, known, onPick }: NodeFactsProps) {
  if (thing.kind === "broker") {
    const { url, state, updates, notifications, entities, queued } = thing.broker;
    return (
      <Facts
        of={[
          ["State", <StateChip key="state" state={state} />],
          [
            "Address",
            <span key="url" className="mono">
              {url}
            </span>,
          ],
          ["Updates", rate(updates)],
          ["Notifications", rate(notifications)],
          ["Waiting", queued],
          ["Entities", entities],
        ]}
      />
    );
  }
  const { worker } = thing;
  const here = [...known.instances.values()].filter(
    (instance) => instance.Worker === worker.id && instance.Status !== "removed",
  );
  return (
    <Facts
      of={[
        ["State", <StateChip key="state" state={worker.state} />],
        ["Load", `${worker.workload} of ${worker.capacity}`],
        ["Machine", [worker.os, worker.hardware].filter(Boolean).join(" ")],
        ["Engines", worker.engines?.join(", ")],
        [
          "Instances",
          here.length > 0 ? <Links key="here" ids={here.map((one) => one.ID)} onPick={onPick} /> : "none",
        ],
      ]}
    />
  );
}

export function IntentFacts({ intent, known }: { intent: Intent; known: Known }) {
  const own = [...known.instances.values()].filter(
    (instance) => instance.ServiceIntentID === intent.id && instance.Status !== "removed",
  );
  const scope = scopeOf(intent.geoscope);
  return (
    <Facts
      of={[
        [
          "Topology",
          <a key="topology" href={hashOf("topologies", [intent.topology])}>
            {intent.topology}
          </a>,
        ],
        ["Where", scope ? scopeText(scope) : "an area of another kind"],
        ["Priority", intent.priority?.level],
        ["Running", plural(own.length, "task instance")],
      ]}
    />
  );
}
