// All topologies.
import { useState } from "react";
import { useIntents, useServices } from "@/api/documents";
import type { Intent, Service } from "@/api/types";
import { go, hashOf } from "@/app/router";
import { Button, ButtonLink, Card, type Column, Empty, Icon, Loaded, Page, plural, Table, toast } from "@/ui";
import { addressOf } from "./address";
import { DeleteDialog } from "./BenchDialogs";
import { ExportDialog, ImportDialog } from "./Dialogs";
import css from "./List.module.css";
import { grouped } from "./model/document";
import { openService } from "./model/service";
import { summariesOf } from "./model/summary";
import { openNext } from "./Workbench";

type Open = { what: "import" } | { what: "export" | "delete"; name: string } | null;

interface Row {
  name: string;
  service: Service;
  intents: Intent[];
}

export function List() {
  const services = useServices();
  const intents = useIntents().data;
  const [open, setOpen] = useState<Open>(null);
  const byTopology = grouped(Object.values(intents ?? {}), (intent) => intent.topology);
  const actions = (
    <>
      <Button icon="upload" onClick={() => setOpen({ what: "import" })}>
        Import
      </Button>
      <ButtonLink icon="plus" look="primary" href={hashOf("topologies", ["new"])}>
        New topology
      </ButtonLink>
    </>
  );
  return (
    <Page
      title="Topologies"
      about="Data flows: which operators work on which entities, and what they write."
      actions={actions}
    >
      <Loaded of={services}>
        {(known) => (
          <>
            <Rows
              rows={Object.entries(known).map(([name, service]) => ({
                name,
                service,
                intents: byTopology.get(name) ?? [],
              }))}
              onOpen={setOpen}
            />
            <ListDialog open={open} services={known} onClose={() => setOpen(null)} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Rows({ rows, onOpen }: { rows: Row[]; onOpen: (open: Open) => void }) {
  if (rows.length === 0) {
    return (
      <Empty
        title="No topology yet."
        action={
          <ButtonLink icon="plus" look="primary" href={hashOf("topologies", ["new"])}>
            Draw the first one
          </ButtonLink>
        }
      >
        A topology joins operators to a data flow. When it is drawn, an intent says where it is to run.
      </Empty>
    );
  }
  return (
    <Card>
      <Table
        label="Topologies"
        columns={columns(onOpen)}
        items={rows.toSorted((a, b) => a.name.localeCompare(b.name))}
        id={(row) => row.name}
      />
    </Card>
  );
}

const columns = (onOpen: (open: Open) => void): Column<Row>[] => [
  { name: "Name", cell: ({ name }) => <a href={addressOf(name)}>{name}</a> },
  { name: "Description", cell: ({ service }) => service.topology.description || "–" },
  { name: "Tasks", cell: ({ service }) => <Tasks service={service} /> },
  { name: "Intents", cell: ({ name, intents }) => <Intents name={name} intents={intents} /> },
  {
    name: "Actions",
    cell: ({ name }) => (
      <span className={css.actions}>
        <Button
          look="plain"
          icon="edit"
          aria-label={`Edit ${name}`}
          onClick={() => {
            location.hash = addressOf(name);
          }}
        />
        <Button
          look="plain"
          icon="download"
          aria-label={`Export ${name}`}
          onClick={() => onOpen({ what: "export", name })}
        />
        <Button
          look="plain"
          icon="trash"
          aria-label={`Delete ${name}`}
          onClick={() => onOpen({ what: "delete", name })}
        />
      </span>
    ),
  },
];

/** More tasks than these are counted. */
const SHOWN = 5;

function Tasks({ service }: { service: Service }) {
  const tasks = summariesOf(service.topology);
  return (
    <ul className={css.tasks}>
      {tasks.slice(0, SHOWN).map(({ task, inputs, operator, outputs }) => (
        <li key={task}>
          <span>{inputs.join(", ") || "nothing"}</span>
          <Arrow />
          <strong title={`Task ${task}`}>{operator}</strong>
          {outputs.length > 0 && (
            <>
              <Arrow />
              <span>{outputs.join(", ")}</span>
            </>
          )}
        </li>
      ))}
      {tasks.length > SHOWN && <li className="soft">and {plural(tasks.length - SHOWN, "more task")}</li>}
    </ul>
  );
}

const Arrow = () => (
  <span className={css.arrow}>
    <Icon name="chevron" size={13} />
    <span className="visually-hidden"> to </span>
  </span>
);

function Intents({ name, intents }: { name: string; intents: Intent[] }) {
  if (intents.length === 0) {
    return <a href={hashOf("intents", [], { topology: name })}>State an intent</a>;
  }
  return <a href={hashOf("intents")}>{plural(intents.length, "intent")}</a>;
}

function ListDialog({
  open,
  services,
  onClose,
}: {
  open: Open;
  services: Record<string, Service>;
  onClose: () => void;
}) {
  if (open === null) return null;
  if (open.what === "import") {
    return (
      <ImportDialog
        onClose={onClose}
        onOpened={(opened) => {
          openNext(opened);
          go("topologies", ["new"]);
        }}
      />
    );
  }
  const service = services[open.name];
  if (open.what === "export") {
    return service ? <ExportDialog drawing={openService(service).drawing} onClose={onClose} /> : null;
  }
  return (
    <DeleteDialog
      name={open.name}
      onClose={onClose}
      onDeleted={() => toast(`Topology ${open.name} is deleted.`)}
    />
  );
}
