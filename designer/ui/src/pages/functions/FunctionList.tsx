// All fog functions, whether they are on, and what runs of them.
import { useMemo, useState } from "react";
import { useLive } from "@/api/live";
import type { FogFunction, Instance } from "@/api/types";
import { hashOf } from "@/app/router";
import {
  Button,
  ButtonLink,
  Card,
  Chip,
  type Column,
  Empty,
  moodOf,
  Notice,
  Page,
  plural,
  Table,
  TextField,
} from "@/ui";
import { DeleteFunction } from "./DeleteFunction";
import { FunctionSwitch } from "./FunctionSwitch";
import { groupingOf, taskOf } from "./fogFunction";
import css from "./functions.module.css";
import { byIntent, counted } from "./instances";

/** Rows shown at first, and more each time they are asked for. */
const STEP = 100;
const newHref = `${hashOf("functions")}?new`;

export function FunctionList({ functions }: { functions: FogFunction[] }) {
  const add = (
    <ButtonLink href={newHref} icon="plus" look="primary">
      New fog function
    </ButtonLink>
  );
  return (
    <Page
      title="Fog functions"
      about="Each runs by itself wherever its input appears, without a topology or an intent."
      actions={functions.length > 0 && add}
    >
      {functions.length === 0 ? (
        <Empty title="There are no fog functions yet." action={add}>
          Name a type of entities and write a few lines of JavaScript: they run near each of the entities.
        </Empty>
      ) : (
        <Found functions={functions} />
      )}
    </Page>
  );
}

function Found({ functions }: { functions: FogFunction[] }) {
  const [text, setText] = useState("");
  const [shown, setShown] = useState(STEP);
  const [doomed, setDoomed] = useState<FogFunction | null>(null);
  const instances = useLive((live) => live.instances);
  const running = useMemo(() => byIntent(instances), [instances]);
  const columns = useMemo(() => columnsOf(running, setDoomed), [running]);
  const matching = functions
    .filter((fog) => wordsOf(fog).includes(text.trim().toLowerCase()))
    .toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <>
      <div className={css.search}>
        <TextField
          label="Search"
          type="search"
          placeholder="Name, operator or type"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      <Card>
        {matching.length === 0 ? (
          <Notice>No fog function has {text} in its name, operator or types.</Notice>
        ) : (
          <Table
            label="Fog functions"
            columns={columns}
            items={matching.slice(0, shown)}
            id={({ name }) => name}
          />
        )}
        {matching.length > shown && (
          <div className={css.more}>
            <Button onClick={() => setShown(shown + STEP)}>
              Show more ({plural(matching.length - shown, "other")})
            </Button>
          </div>
        )}
      </Card>
      {doomed && <DeleteFunction fog={doomed} onClose={() => setDoomed(null)} />}
    </>
  );
}

function wordsOf(fog: FogFunction): string {
  const { operator, input_streams = [], output_streams = [] } = taskOf(fog);
  const types = [
    ...input_streams.map((input) => input.selected_type),
    ...output_streams.map((o) => o.entity_type),
  ];
  return [fog.name, operator, ...types].join("\n").toLowerCase();
}

const columnsOf = (
  running: ReadonlyMap<string, Instance[]>,
  remove: (fog: FogFunction) => void,
): Column<FogFunction>[] => [
  {
    name: "Name",
    cell: ({ name }) => (
      <a className={css.name} href={hashOf("functions", [name])}>
        {name}
      </a>
    ),
  },
  { name: "State", cell: (fog) => <FunctionSwitch of={fog} /> },
  { name: "Input", cell: (fog) => <Inputs fog={fog} /> },
  {
    name: "Operator",
    cell: (fog) => <a href={hashOf("operators", [taskOf(fog).operator])}>{taskOf(fog).operator}</a>,
  },
  { name: "Output", cell: (fog) => <Outputs fog={fog} /> },
  {
    name: "Instances",
    cell: ({ intent }) => (
      <a className={css.plain} href={hashOf("running", [intent.id])}>
        <Instances of={running.get(intent.id) ?? []} />
      </a>
    ),
  },
  {
    name: "Actions",
    cell: (fog) => (
      <span className={css.rowActions}>
        <ButtonLink href={hashOf("functions", [fog.name], { edit: "1" })} look="plain" icon="edit">
          Edit
        </ButtonLink>
        <Button look="plain" icon="trash" aria-label={`Delete ${fog.name}`} onClick={() => remove(fog)} />
      </span>
    ),
  },
];

export function Inputs({ fog }: { fog: FogFunction }) {
  return (taskOf(fog).input_streams ?? []).map((input) => (
    <div key={input.selected_type}>
      {input.selected_type} <span className={css.note}>{groupingOf(input.groupby)}</span>
    </div>
  ));
}

export function Outputs({ fog }: { fog: FogFunction }) {
  const types = (taskOf(fog).output_streams ?? []).map((output) => output.entity_type).filter(Boolean);
  return types.length ? types.join(", ") : <span className="soft">None</span>;
}

function Instances({ of }: { of: Instance[] }) {
  const { running, others } = counted(of);
  return (
    <span className={css.chips}>
      {running > 0 && <Chip mood="good">{running} running</Chip>}
      {others.map(([status, count]) => (
        <Chip key={status} mood={moodOf(status)}>
          {count} {status}
        </Chip>
      ))}
      {of.length === 0 && <span className="soft">None</span>}
    </span>
  );
}
