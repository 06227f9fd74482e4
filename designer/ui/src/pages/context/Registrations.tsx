// Which broker provides what, as discovery knows it.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLive } from "@/api/live";
import { entityHref } from "@/entities/links";
import { discover } from "@/entities/ngsi10";
import { Button, Card, count, duration, Empty, Loaded, StateChip, siteOf, Table, time } from "@/ui";
import css from "./context.module.css";
import { sortedTypes } from "./filter";
import { ProviderSearch } from "./ProviderSearch";
import { countedAtOnce, nameOf, shares } from "./registrations";

const MAX_TYPES = 500;

export function Registrations() {
  return (
    <>
      <ProviderSearch />
      <div className={css.grid}>
        <Types />
        <Brokers />
      </div>
    </>
  );
}

function Types() {
  const types = useLive((live) => live.history.at(-1)?.types);
  const sorted = sortedTypes(types ?? {});
  const atOnce = countedAtOnce(sorted);
  return (
    <Card title="Entity types">
      <Loaded of={{ data: types, error: null }}>
        {() =>
          sorted.length === 0 ? (
            <Empty title="Nothing is registered.">
              Brokers register entities at discovery as soon as they get their first update.
            </Empty>
          ) : (
            <Table
              label="Entity types and who provides them"
              columns={[
                { name: "Type", cell: ([type]) => <a href={entityHref(type)}>{type || "(no type)"}</a> },
                { name: "Entities", number: true, cell: ([, entities]) => count(entities) },
                {
                  name: "Provided by",
                  cell: ([type, entities]) => (
                    <Providers type={type} entities={entities} atOnce={atOnce.has(type)} />
                  ),
                },
              ]}
              items={sorted.slice(0, MAX_TYPES)}
              id={([type]) => type}
            />
          )
        }
      </Loaded>
    </Card>
  );
}

function Providers({ type, entities, atOnce }: { type: string; entities: number; atOnce: boolean }) {
  const [asked, setAsked] = useState(atOnce);
  const brokers = useLive((live) => live.brokers);
  const known = useQuery({
    queryKey: ["providers", type, entities],
    queryFn: async () => shares(await discover([{ id: "", type, isPattern: false }])),
    enabled: asked,
    placeholderData: (before) => before,
  });
  if (!asked) return <Button onClick={() => setAsked(true)}>Count by broker</Button>;
  return (
    <Loaded of={known}>
      {(list) => (
        <ul className={css.lines}>
          {list.map(({ provider, entities }) => (
            <li key={provider} title={provider}>
              {nameOf(brokers, provider)} <span className="soft">{count(entities)}</span>
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  );
}

function Brokers() {
  const brokers = useLive((live) => live.brokers);
  const heard = useLive((live) => live.heard);
  return (
    <Card title="Brokers">
      {brokers.length === 0 ? (
        <Empty title="No broker is known.">Discovery learns of a broker by its first heartbeat.</Empty>
      ) : (
        <Table
          label="Brokers"
          columns={[
            { name: "Broker", cell: ({ id, url }) => <span title={url}>{siteOf(id)}</span> },
            { name: "State", cell: ({ state }) => <StateChip state={state} /> },
            {
              name: "Last heartbeat",
              cell: ({ seen }) => `${time(seen)}, ${duration(Math.max(heard, seen) - seen)} ago`,
            },
            {
              name: "Entities",
              number: true,
              cell: ({ entities }) => (entities === undefined ? "–" : count(entities)),
            },
          ]}
          items={brokers}
          id={({ id }) => id}
        />
      )}
    </Card>
  );
}
