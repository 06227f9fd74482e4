// One fog function, to read, with its instances.
import { type ReactNode, useMemo, useState } from "react";
import { useLive } from "@/api/live";
import type { FogFunction, Instance } from "@/api/types";
import { go, hashOf } from "@/app/router";
import { scopeOf, scopeText } from "@/map/scope";
import { Button, ButtonLink, Card, Page, rate, StateChip, siteOf, Table } from "@/ui";
import { DeleteFunction } from "./DeleteFunction";
import { Inputs, Outputs } from "./FunctionList";
import { FunctionSwitch } from "./FunctionSwitch";
import { taskOf } from "./fogFunction";
import css from "./functions.module.css";
import { byIntent } from "./instances";

export function FunctionView({ fog }: { fog: FogFunction }) {
  const [deleting, setDeleting] = useState(false);
  const all = useLive((live) => live.instances);
  const instances = useMemo(() => byIntent(all).get(fog.intent.id) ?? [], [all, fog.intent.id]);
  const actions = (
    <>
      <Button icon="trash" look="danger" onClick={() => setDeleting(true)}>
        Delete
      </Button>
      <ButtonLink href={hashOf("functions", [fog.name], { edit: "1" })} icon="edit" look="primary">
        Edit
      </ButtonLink>
    </>
  );
  return (
    <Page title={fog.name} about={fog.topology.description} actions={actions}>
      <Card>
        <Facts fog={fog} />
      </Card>
      <Card title="Instances">
        {instances.length === 0 ? (
          <p className="soft">
            {fog.status === "disabled"
              ? "None, since it is disabled."
              : "None yet: one starts as soon as there is an entity of its input."}
          </p>
        ) : (
          <InstanceTable intent={fog.intent.id} instances={instances} />
        )}
      </Card>
      {deleting && (
        <DeleteFunction fog={fog} onClose={() => setDeleting(false)} onDeleted={() => go("functions")} />
      )}
    </Page>
  );
}

function Facts({ fog }: { fog: FogFunction }) {
  const { operator } = taskOf(fog);
  const { geoscope, priority } = fog.intent;
  const scope = scopeOf(geoscope);
  const exclusive = priority?.exclusive ? ", exclusive" : "";
  return (
    <dl className={css.facts}>
      <Fact name="State">
        <FunctionSwitch of={fog} />
      </Fact>
      <Fact name="Input">
        <Inputs fog={fog} />
      </Fact>
      <Fact name="Operator">
        <a href={hashOf("operators", [operator])}>{operator}</a>
      </Fact>
      <Fact name="Output">
        <Outputs fog={fog} />
      </Fact>
      <Fact name="Area">{scope ? scopeText(scope) : JSON.stringify(geoscope)}</Fact>
      <Fact name="Priority">{`Level ${priority?.level ?? 0}${exclusive}`}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Instances shown; all of them are on the page of what runs. */
const SHOWN = 100;

function InstanceTable({ intent, instances }: { intent: string; instances: Instance[] }) {
  return (
    <>
      <Table
        label="Instances"
        items={instances.slice(0, SHOWN)}
        id={(instance) => instance.ID}
        columns={[
          {
            name: "Instance",
            cell: ({ ID }) => (
              <a className="mono" href={hashOf("running", [intent], { instance: ID })}>
                {ID}
              </a>
            ),
          },
          { name: "State", cell: ({ Status }) => <StateChip state={Status} /> },
          {
            name: "Worker",
            cell: ({ Worker }) => siteOf(Worker) || <span className="soft">Waiting for one</span>,
          },
          { name: "In", cell: ({ InputRate }) => rate(InputRate), number: true },
          { name: "Out", cell: ({ OutputRate }) => rate(OutputRate), number: true },
          { name: "Reason", cell: ({ Reason }) => Reason ?? "" },
        ]}
      />
      <p className={css.more}>
        <a href={hashOf("running", [intent])}>
          {instances.length > SHOWN ? `All ${instances.length} instances` : "Follow them as a graph"}
        </a>
      </p>
    </>
  );
}
