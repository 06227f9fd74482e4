// The entities of a type as they change.
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { useLive } from "@/api/live";
import type { Element } from "@/api/types";
import { hashOf } from "@/app/router";
import css from "@/entities/entities.module.css";
import { Button, ButtonLink, Empty, Loaded, plural } from "@/ui";
import { rememberColumns, rememberedColumns } from "./columns";
import { EntityTable } from "./EntityTable";
import { Filters } from "./Filters";
import { type Arranged, arranged, attributeNames, byId, columnsShown, type Wanted } from "./filter";

const nothing: Wanted = { search: "", filter: null, order: byId };

export function LiveEntities({ type, id }: { type: string; id?: string }) {
  const entities = useDeferredValue(useLive((live) => live.entities));
  const state = useLive((live) => live.watched.get(type)?.state);
  const registered = useLive((live) => live.history.at(-1)?.types[type] ?? 0);
  const settled = useSettled(state);
  const [wanted, setWanted] = useState(nothing);
  const [chosen, setChosen] = useState(() => rememberedColumns(type));
  const choose = (columns: string[]) => {
    setChosen(columns);
    rememberColumns(type, columns);
  };
  const { shown, total } = useArranged(entities, type, useDeferredValue(wanted));
  const names = useMemo(() => attributeNames([...ofType(entities, type)]), [entities, type]);
  if (total === 0 && (!state || (registered > 0 && !settled))) {
    return <Loaded of={{ data: undefined, error: null }}>{() => null}</Loaded>;
  }
  return (
    <>
      <Filters
        names={names}
        wanted={wanted}
        onWanted={setWanted}
        columns={columnsShown(names, chosen)}
        onColumns={choose}
      />
      <div className={css.said} role="status">
        {shown.length === total
          ? plural(total, "entity", "entities")
          : `${shown.length} of ${total} entities`}
      </div>
      {total === 0 ? (
        <NoEntities type={type} registered={registered} />
      ) : shown.length === 0 ? (
        <Empty
          title="Nothing matches."
          action={<Button onClick={() => setWanted({ ...nothing, order: wanted.order })}>Show all</Button>}
        />
      ) : (
        <EntityTable
          type={type}
          entities={shown}
          columns={columnsShown(names, chosen)}
          order={wanted.order}
          onOrder={(order) => setWanted({ ...wanted, order })}
          current={id}
        />
      )}
    </>
  );
}

/** The first entities come a moment after the stream says that it follows a type. */
const FIRST_MS = 1_500;

function useSettled(state: string | undefined): boolean {
  const [settled, setSettled] = useState(state === "failed");
  useEffect(() => {
    if (!state) return;
    const timer = setTimeout(() => setSettled(true), state === "live" ? FIRST_MS : 0);
    return () => clearTimeout(timer);
  }, [state]);
  return settled;
}

function NoEntities({ type, registered }: { type: string; registered: number }) {
  if (registered === 0) {
    return (
      <Empty title={`No entity of type ${type}.`}>
        It appears here as soon as somebody sends an update for one.
      </Empty>
    );
  }
  return (
    <Empty
      title="Registered, but held by no broker."
      action={<ButtonLink href={hashOf("context", ["registrations"])}>See the registrations</ButtonLink>}
    >
      Discovery knows {plural(registered, "entity", "entities")} of type {type} without attributes to read, as
      those by which brokers announce themselves.
    </Empty>
  );
}

/** Arranges anew what was arranged before, which is cheap as long as the order stays. */
function useArranged(entities: ReadonlyMap<string, Element>, type: string, wanted: Wanted): Arranged {
  const before = useRef<Arranged>(undefined);
  return useMemo(() => {
    before.current = arranged(entities, type, wanted, before.current);
    return before.current;
  }, [entities, type, wanted]);
}

function* ofType(entities: ReadonlyMap<string, Element>, type: string) {
  for (const entity of entities.values()) if (entity.entityId.type === type) yield entity;
}
