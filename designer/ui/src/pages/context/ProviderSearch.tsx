import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useLive } from "@/api/live";
import { entityHref } from "@/entities/links";
import { discover } from "@/entities/ngsi10";
import { Button, Card, CheckField, Empty, Loaded, plural, Table, TextField } from "@/ui";
import css from "./context.module.css";
import { found, nameOf } from "./registrations";

const MAX_SHOWN = 200;

/** Asks discovery who provides an entity. */
export function ProviderSearch() {
  const [written, setWritten] = useState({ id: "", isPattern: false });
  const [asked, setAsked] = useState<typeof written | null>(null);
  const brokers = useLive((live) => live.brokers);
  const result = useQuery({
    queryKey: ["registration", asked],
    queryFn: async () => (asked ? found(await discover([{ ...asked, type: "" }])) : []),
    enabled: asked !== null,
    staleTime: 0,
  });
  const search = (event: FormEvent) => {
    event.preventDefault();
    const wanted = { ...written, id: written.id.trim() };
    if (!wanted.id) return;
    if (asked?.id === wanted.id && asked.isPattern === wanted.isPattern) void result.refetch();
    setAsked(wanted);
  };
  return (
    <Card title="Who provides an entity?">
      <form className="stack" onSubmit={search} role="search">
        <div className={css.tools}>
          <TextField
            label="Identifier"
            value={written.id}
            placeholder={written.isPattern ? "^Room\\." : "Room.1"}
            onChange={(event) => setWritten({ ...written, id: event.target.value })}
          />
          <div className={css.choice}>
            <CheckField
              label="As a pattern"
              checked={written.isPattern}
              onChange={(event) => setWritten({ ...written, isPattern: event.target.checked })}
            />
          </div>
          <Button type="submit" icon="search" disabled={!written.id.trim()}>
            Search
          </Button>
        </div>
        {asked && (
          <Loaded of={result}>
            {(list) =>
              list.length === 0 ? (
                <Empty title={`No broker provides ${asked.id}.`}>
                  {asked.isPattern
                    ? "No registered identifier matches."
                    : "Entities are registered when a broker gets the first update for them."}
                </Empty>
              ) : (
                <>
                  <p className="soft" role="status">
                    {plural(list.length, "entity", "entities")}
                    {list.length > MAX_SHOWN && `, the first ${MAX_SHOWN} are shown`}
                  </p>
                  <Table
                    label="Registrations found"
                    columns={[
                      { name: "Entity", cell: ({ id, type }) => <a href={entityHref(type, id)}>{id}</a> },
                      { name: "Type", cell: ({ type }) => type },
                      {
                        name: "Provided by",
                        cell: ({ provider }) => <span title={provider}>{nameOf(brokers, provider)}</span>,
                      },
                      { name: "Address", cell: ({ provider }) => <span className="mono">{provider}</span> },
                    ]}
                    items={list.slice(0, MAX_SHOWN)}
                    id={({ id, provider }) => `${provider} ${id}`}
                  />
                </>
              )
            }
          </Loaded>
        )}
      </form>
    </Card>
  );
}
