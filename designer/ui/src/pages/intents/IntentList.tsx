// All intents, and how each stands.
import { useMemo, useState } from "react";
import { useLive } from "@/api/live";
import type { Intent } from "@/api/types";
import { hashOf } from "@/app/router";
import { scopeOf, scopeText } from "@/map/scope";
import { Button, ButtonLink, Card, Chip, count, moodOf } from "@/ui";
import { type VirtualColumn, VirtualTable } from "@/ui/virtual-table";
import { DeleteIntent } from "./DeleteIntent";
import css from "./intents.module.css";
import { qosName } from "./model/intent";
import { type Counts, countsByIntent, total } from "./model/state";

interface Row {
  intent: Intent;
  counts: Counts | undefined;
}

export function IntentList({ intents }: { intents: Intent[] }) {
  const instances = useLive((live) => live.instances);
  const [leaving, setLeaving] = useState<Row | null>(null);
  const rows = useMemo(() => {
    const counts = countsByIntent(instances.values());
    return intents.map((intent) => ({ intent, counts: counts.get(intent.id) }));
  }, [intents, instances]);
  const columns = useMemo(() => columnsOf(setLeaving), []);
  return (
    <Card>
      <VirtualTable
        label="Intents"
        columns={columns}
        items={rows}
        id={({ intent }) => intent.id}
        maxHeight="calc(100dvh - 11rem)"
      />
      {leaving && (
        <DeleteIntent
          intent={leaving.intent}
          instances={total(leaving.counts)}
          onClose={() => setLeaving(null)}
        />
      )}
    </Card>
  );
}

const columnsOf = (onDelete: (row: Row) => void): VirtualColumn<Row>[] => [
  {
    name: "Topology",
    width: "minmax(10rem, 1.6fr)",
    cell: ({ intent }) => (
      <a className={css.name} href={hashOf("intents", [intent.id])}>
        {intent.topology}
        <span className={css.id}>{intent.id}</span>
      </a>
    ),
  },
  { name: "Where", width: "minmax(9rem, 1.5fr)", cell: ({ intent }) => whereOf(intent) },
  {
    name: "Priority",
    width: "minmax(7rem, 0.8fr)",
    cell: ({ intent: { priority } }) => (
      <span className="row">
        {priority?.level ?? 0}
        {priority?.exclusive && <Chip mood="warn">exclusive</Chip>}
      </span>
    ),
  },
  { name: "QoS", width: "minmax(7rem, 0.8fr)", cell: ({ intent }) => qosName(intent.qos) },
  { name: "State", width: "minmax(9rem, 1.2fr)", cell: ({ counts }) => <State counts={counts} /> },
  {
    name: "Actions",
    width: "minmax(11rem, auto)",
    cell: (row) => (
      <span className="row">
        <ButtonLink href={hashOf("running", [row.intent.id])}>Running</ButtonLink>
        <Button
          look="plain"
          icon="trash"
          aria-label={`Delete the intent ${row.intent.id}`}
          onClick={() => onDelete(row)}
        />
      </span>
    ),
  },
];

function whereOf(intent: Intent): string {
  const scope = scopeOf(intent.geoscope);
  return scope ? scopeText(scope) : `a ${intent.geoscope?.scopeType} scope`;
}

export function State({ counts }: { counts: Counts | undefined }) {
  if (total(counts) === 0) return <Chip>waits for its inputs</Chip>;
  return (
    <span className="row">
      {Object.entries(counts ?? {}).map(([status, number]) => (
        <Chip key={status} mood={moodOf(status)}>
          {count(number)} {status}
        </Chip>
      ))}
    </span>
  );
}
