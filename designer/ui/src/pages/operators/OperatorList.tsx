// All operators, with what they run as and who uses them.
import { useMemo, useState } from "react";
import type { Operator } from "@/api/types";
import { hashOf } from "@/app/router";
import { codeOf } from "@/operators/operator";
import css from "@/operators/operators.module.css";
import type { User } from "@/operators/usage";
import {
  Button,
  ButtonLink,
  Card,
  Chip,
  type Column,
  Empty,
  Notice,
  Page,
  plural,
  Table,
  TextField,
} from "@/ui";
import { DeleteOperator } from "./DeleteOperator";
import { found } from "./find";
import { ImportOperators } from "./ImportOperators";

/** Rows shown at first, and more each time they are asked for. */
const STEP = 100;

interface Props {
  operators: Operator[];
  users: ReadonlyMap<string, User[]>;
}

const newHref = `${hashOf("operators")}?new`;

export function OperatorList({ operators, users }: Props) {
  const [importing, setImporting] = useState(false);
  const names = useMemo(() => new Set(operators.map(({ name }) => name)), [operators]);
  const actions = (
    <>
      <Button icon="upload" onClick={() => setImporting(true)}>
        Import
      </Button>
      <ButtonLink href={newHref} icon="plus" look="primary">
        New operator
      </ButtonLink>
    </>
  );
  return (
    <Page title="Operators" about="The programs that tasks run." actions={actions}>
      {operators.length === 0 ? (
        <Empty
          title="There are no operators yet."
          action={
            <ButtonLink href={newHref} icon="plus" look="primary">
              Write the first one
            </ButtonLink>
          }
        >
          An operator is a function in JavaScript, or a container image. Topologies and fog functions are made
          of them.
        </Empty>
      ) : (
        <Found operators={operators} users={users} />
      )}
      {importing && <ImportOperators names={names} onClose={() => setImporting(false)} />}
    </Page>
  );
}

function Found({ operators, users }: Props) {
  const [text, setText] = useState("");
  const [shown, setShown] = useState(STEP);
  const [doomed, setDoomed] = useState<string | null>(null);
  const matching = useMemo(() => found(operators, users, text), [operators, users, text]);
  const columns = useMemo(() => columnsOf(users, setDoomed), [users]);
  return (
    <>
      <div className={css.search}>
        <TextField
          label="Search"
          type="search"
          placeholder="Name, description, image or topology"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      <Card>
        {matching.length === 0 ? (
          <Notice>No operator has {text} in its name, description, images or topologies.</Notice>
        ) : (
          <Table
            label="Operators"
            columns={columns}
            items={matching.slice(0, shown)}
            id={(operator) => operator.name}
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
      {doomed !== null && (
        <DeleteOperator name={doomed} users={users.get(doomed) ?? []} onClose={() => setDoomed(null)} />
      )}
    </>
  );
}

const columnsOf = (users: Props["users"], remove: (name: string) => void): Column<Operator>[] => [
  {
    name: "Name",
    cell: ({ name }) => (
      <a className={css.name} href={hashOf("operators", [name])}>
        {name}
      </a>
    ),
  },
  { name: "Description", cell: ({ description }) => description || <span className="soft">None</span> },
  { name: "Runs as", cell: (operator) => <RunsAs operator={operator} /> },
  { name: "Used by", cell: ({ name }) => <UsedBy users={users.get(name) ?? []} /> },
  {
    name: "Actions",
    cell: ({ name }) => (
      <span className={css.rowActions}>
        <ButtonLink href={hashOf("operators", [name], { edit: "1" })} look="plain" icon="edit">
          Edit
        </ButtonLink>
        <Button look="plain" icon="trash" aria-label={`Delete ${name}`} onClick={() => remove(name)} />
      </span>
    ),
  },
];

export function RunsAs({ operator }: { operator: Operator }) {
  const images = operator.dockerimages ?? [];
  const code = codeOf(operator) !== "";
  if (!code && images.length === 0) return <Chip mood="warn">nothing to run</Chip>;
  return (
    <div className={css.links}>
      {code && <span>Function</span>}
      {images.map(({ name, tag, hwType, osType }) => (
        <span key={`${name}:${tag}:${hwType}:${osType}`}>
          <code>
            {name}:{tag || "latest"}
          </code>{" "}
          <span className="soft">{[hwType, osType].filter(Boolean).join(" ")}</span>
        </span>
      ))}
    </div>
  );
}

export function UsedBy({ users }: { users: User[] }) {
  if (users.length === 0) return <span className="soft">Nobody</span>;
  return (
    <div className={css.links}>
      {users.map(({ page, name }) => (
        <a key={`${page}/${name}`} href={hashOf(page, [name])}>
          {name}
        </a>
      ))}
    </div>
  );
}
