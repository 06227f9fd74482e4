// Entities by type: the types, the table of one type, and one entity beside it.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { useLive, useWatch } from "@/api/live";
import { hashOf, replace } from "@/app/router";
import css from "@/entities/entities.module.css";
import { query } from "@/entities/ngsi10";
import { Button, ButtonLink, Empty, Loaded, Notice } from "@/ui";
import { EntityDetail } from "./EntityDetail";
import { EntityPages } from "./EntityPages";
import { sortedTypes } from "./filter";
import { LiveEntities } from "./LiveEntities";
import { TypeList } from "./TypeList";

const useKnownTypes = () => useLive((live) => live.history.at(-1)?.types);

// It brings the map, which most visits do not need.
const EntityCreate = lazy(() => import("./EntityCreate"));

/** Brokers register themselves: a system without data has this type only. */
const BROKERS = "IoTBroker";

export function Entities({ type, id }: { type?: string; id?: string }) {
  const types = useKnownTypes();
  const [creating, setCreating] = useState(false);
  const sorted = sortedTypes(types ?? {});
  const first = sorted.find(([name]) => name !== BROKERS)?.[0];
  useEffect(() => {
    if (type === undefined && !id && first) replace("context", ["entities", first]);
  }, [type, id, first]);
  const create = (
    <Button icon="plus" onClick={() => setCreating(true)}>
      New entity
    </Button>
  );
  return (
    <div className={css.entities} data-detail={Boolean(type && id)}>
      <TypeList types={sorted} current={type} action={create} />
      {type ? (
        <OfType key={type} type={type} id={id} />
      ) : id ? (
        <TypeOf id={id} />
      ) : (
        <NoTypes known={Boolean(types) && !first} />
      )}
      <Suspense fallback={null}>
        {creating && <EntityCreate type={type} onClose={() => setCreating(false)} />}
      </Suspense>
    </div>
  );
}

function NoTypes({ known }: { known: boolean }) {
  if (!known) return <Loaded of={{ data: undefined, error: null }}>{() => null}</Loaded>;
  return (
    <Empty title="No entities yet." action={<ButtonLink href={hashOf("devices")}>Go to devices</ButtonLink>}>
      Entities appear here as soon as a device or a task sends a context update.
    </Empty>
  );
}

/** Finds the type of an entity that somebody links to by its identifier only. */
function TypeOf({ id }: { id: string }) {
  const found = useQuery({
    queryKey: ["type of entity", id],
    queryFn: () => query([{ id, isPattern: false }]),
  });
  const type = found.data?.[0]?.entityId.type;
  useEffect(() => {
    if (type) replace("context", ["entities", type], { id });
  }, [type, id]);
  return (
    <Loaded of={found}>
      {(entities) =>
        entities.length === 0 && (
          <Empty title={`There is no entity ${id}.`}>It may have been deleted meanwhile.</Empty>
        )
      }
    </Loaded>
  );
}

function OfType({ type, id }: { type: string; id?: string }) {
  useWatch([type]);
  const watched = useLive((live) => live.watched.get(type));
  const refused = watched?.state === "refused";
  return (
    <>
      <section className={css.list} aria-label={`Entities of type ${type}`}>
        {watched?.state === "failed" && (
          <Notice mood="bad">
            {type} cannot be followed{watched.reason ? `: ${watched.reason}` : "."} What is shown may be old.
          </Notice>
        )}
        {refused ? (
          <EntityPages type={type} id={id} reason={watched.reason} />
        ) : (
          <LiveEntities type={type} id={id} />
        )}
      </section>
      {id && <EntityDetail key={id} type={type} id={id} paged={refused} />}
    </>
  );
}
