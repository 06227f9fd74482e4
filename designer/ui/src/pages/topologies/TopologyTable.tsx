// The rows of the list of topologies.
import { useState } from "react";
import type { Intent, Service } from "@/api/types";
import { hashOf } from "@/app/router";
import { summariesOf } from "@/topology/summary";
import { Button, ButtonLink, Card, Empty, Icon, plural, TextField } from "@/ui";
import { type VirtualColumn, VirtualTable } from "@/ui/virtual-table";
import { addressOf } from "./address";
import css from "./List.module.css";

export interface Row {
  name: string;
  service: Service;
  intents: Intent[];
}

interface Props {
  rows: Row[];
  onOpen: (what: "export" | "delete", name: string) => void;
}

/** With fewer rows nobody needs to search. */
const SEARCH_FROM = 8;

const holds = ({ name, service }: Row, search: string) =>
  `${name} ${service.topology.description ?? ""}`.toLowerCase().includes(search.trim().toLowerCase());

export function TopologyTable({ rows, onOpen }: Props) {
  const [search, setSearch] = useState("");
  if (rows.length === 0) return <NoTopology />;
  const found = rows.filter((row) => holds(row, search)).sort((a, b) => a.name.localeCompare(b.name));
  return (
    <Card>
      {rows.length >= SEARCH_FROM && (
        <div className={css.search}>
          <TextField
            label="Find"
            type="search"
            value={search}
            hint={search && `${found.length} of ${plural(rows.length, "topology", "topologies")}`}
            onChange={({ target }) => setSearch(target.value)}
          />
        </div>
      )}
      <VirtualTable
        label="Topologies"
        columns={columns(onOpen)}
        items={found}
        id={(row) => row.name}
        maxHeight={rows.length >= SEARCH_FROM ? "calc(100dvh - 16rem)" : "calc(100dvh - 11rem)"}
      />
    </Card>
  );
}

const NoTopology = () => (
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

const columns = (onOpen: Props["onOpen"]): VirtualColumn<Row>[] => [
  { name: "Name", width: "minmax(8rem, 1.2fr)", cell: ({ name }) => <a href={addressOf(name)}>{name}</a> },
  {
    name: "Description",
    width: "minmax(8rem, 1.6fr)",
    cell: ({ service }) => service.topology.description || "–",
  },
  { name: "Tasks", width: "minmax(13rem, 2.2fr)", cell: ({ service }) => <Tasks service={service} /> },
  {
    name: "Intents",
    width: "8.5rem",
    cell: ({ name, intents }) => <Intents name={name} intents={intents} />,
  },
  {
    name: "Actions",
    width: "7.5rem",
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
          onClick={() => onOpen("export", name)}
        />
        <Button
          look="plain"
          icon="trash"
          aria-label={`Delete ${name}`}
          onClick={() => onOpen("delete", name)}
        />
      </span>
    ),
  },
];

/** More tasks than these are counted. */
const SHOWN = 4;

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
