// Operators: `#/operators`, `#/operators/NAME`, `#/operators/NAME?edit`, `#/operators?new`.
import { useMemo, useState } from "react";
import { useFogFunctions, useOperators, useServices } from "@/api/documents";
import type { Operator } from "@/api/types";
import { hashOf, usePlace } from "@/app/router";
import { draftOf, newOperator } from "@/operators/operator";
import { type Types, typesOf, type User, usersOf } from "@/operators/usage";
import { ButtonLink, Empty, Loaded, Page } from "@/ui";
import { elsewhere, useKept } from "@/ui/useKept";
import { OperatorForm } from "./OperatorForm";
import { OperatorList } from "./OperatorList";
import { OperatorView } from "./OperatorView";

export default function OperatorsPage() {
  const operators = useOperators();
  if (!operators.data) {
    return (
      <Page title="Operators">
        <Loaded of={operators}>{() => null}</Loaded>
      </Page>
    );
  }
  return <Operators operators={operators.data} />;
}

function Operators({ operators }: { operators: Record<string, Operator> }) {
  const { rest, query } = usePlace();
  const services = useServices().data;
  const functions = useFogFunctions().data;
  const users = useMemo(() => usersOf(services, functions), [services, functions]);
  const [name] = rest;
  const operator = name === undefined ? undefined : operators[name];
  const edited = useKept(query.has("edit") ? name : undefined, operator);
  const isNew = query.has("new") || (name === "new" && !operator);

  if (isNew) return <NewOperator key={query.get("from")} from={query.get("from")} operators={operators} />;
  if (name === undefined) return <OperatorList operators={Object.values(operators)} users={users} />;
  const own = { users: users.get(name) ?? [], types: typesOf(name, services, functions) };
  if (edited && query.has("edit")) {
    return <ChangeOperator key={name} operator={edited} gone={!operator} {...own} />;
  }
  return operator ? <OperatorView operator={operator} {...own} /> : <NoOperator name={name} />;
}

function NewOperator({ from, operators }: { from: string | null; operators: Record<string, Operator> }) {
  const taken = useMemo(() => new Set(Object.keys(operators)), [operators]);
  const source = from === null ? undefined : operators[from];
  const initial = source ? draftOf({ ...source, name: "" }) : newOperator();
  return <OperatorForm initial={initial} exists={false} taken={taken} />;
}

const nobody = new Set<string>();

interface Own {
  operator: Operator;
  users: User[];
  types: Types;
}

function ChangeOperator({ operator, gone, users, types }: Own & { gone: boolean }) {
  const [initial] = useState(() => draftOf(operator));
  const changed = JSON.stringify(draftOf(operator)) !== JSON.stringify(initial);
  const note =
    elsewhere(gone, changed) ??
    (users.length > 0 && "It is in use: instances that run it start anew when it is saved.");
  return <OperatorForm initial={initial} exists taken={nobody} note={note || undefined} types={types} />;
}

function NoOperator({ name }: { name: string }) {
  return (
    <Page title={name}>
      <Empty
        title="There is no operator of this name."
        action={<ButtonLink href={hashOf("operators")}>All operators</ButtonLink>}
      >
        It may have been deleted meanwhile.
      </Empty>
    </Page>
  );
}
