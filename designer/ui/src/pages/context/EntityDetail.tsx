// One entity: what it says, where it is, who provides it, and changing it.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLive } from "@/api/live";
import type { Element } from "@/api/types";
import { fromHere, go } from "@/app/router";
import css from "@/entities/entities.module.css";
import { entityHref } from "@/entities/links";
import { discover, query, removeAttributes, removeEntity } from "@/entities/ngsi10";
import { textOf } from "@/entities/values";
import { Button, ButtonLink, Confirm, count, Empty, Loaded, plural } from "@/ui";
import { AttributeDialog, type Edited } from "./AttributeDialog";
import { AttributeList } from "./AttributeList";
import { EntityPlace } from "./EntityPlace";
import { nameOf } from "./registrations";

interface Props {
  type: string;
  id: string;
  /** Its type is not followed live. */
  paged: boolean;
}

export function EntityDetail({ type, id, paged }: Props) {
  const { entity, error, refetch } = useEntity(id);
  return (
    <aside className={css.detail} aria-label={id}>
      <div className={css.detailHead}>
        <h2 className="mono">{id}</h2>
        <ButtonLink href={entityHref(type)} look="plain" icon="close">
          Close
        </ButtonLink>
      </div>
      <Loaded of={{ data: entity, error }}>
        {(shown) =>
          shown ? (
            <Shown entity={shown} onChanged={paged ? refetch : undefined} />
          ) : (
            <Empty title="There is no such entity any more.">It was deleted, or it has expired.</Empty>
          )
        }
      </Loaded>
    </aside>
  );
}

/**
 * An entity as the stream tells of it, and as a broker has it while the stream does not: before it has begun, after a
 * deletion, or for types it does not follow. Null when there is none.
 */
function useEntity(id: string) {
  const live = useLive((state) => state.entities.get(id));
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ["entity", id],
    queryFn: async () => (await query([{ id, isPattern: false }]))[0] ?? null,
    enabled: !live,
    staleTime: 0,
  });
  const current = live ?? (isFetching ? undefined : data);
  const [seen, setSeen] = useState(current);
  if (current !== undefined && current !== seen) setSeen(current);
  return { entity: current === undefined ? seen : current, error, refetch };
}

type Asked = { edit: Edited } | { removeAttribute: string } | { removeEntity: true };

function Shown({ entity, onChanged }: { entity: Element; onChanged?: () => unknown }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const { id, type } = entity.entityId;
  const close = () => setAsked(null);
  const done = () => {
    close();
    onChanged?.();
  };
  return (
    <>
      <Facts entity={entity} />
      <EntityPlace entity={entity} />
      <div className="row spread">
        <h3>Attributes</h3>
        <Button icon="plus" onClick={() => setAsked({ edit: {} })}>
          Add
        </Button>
      </div>
      <AttributeList
        entity={entity}
        onEdit={(attribute) => setAsked({ edit: { attribute } })}
        onRemove={(name) => setAsked({ removeAttribute: name })}
      />
      <DomainMetadata entity={entity} />
      <div>
        <Button look="danger" icon="trash" onClick={() => setAsked({ removeEntity: true })}>
          Delete entity
        </Button>
      </div>
      {asked && "edit" in asked && (
        <AttributeDialog entity={entity} edited={asked.edit} onClose={close} onDone={done} />
      )}
      {asked && "removeAttribute" in asked && (
        <Confirm
          title="Remove this attribute?"
          action="Remove attribute"
          onClose={close}
          onConfirm={async () => {
            await removeAttributes({ id, type }, [asked.removeAttribute]);
            onChanged?.();
          }}
        >
          <code>{asked.removeAttribute}</code> goes from {id} for everybody who reads it.
          {entity.attributes?.length === 1 && " It is the last attribute: the entity is deleted with it."}
        </Confirm>
      )}
      {asked && "removeEntity" in asked && (
        <Confirm
          title="Delete this entity?"
          action="Delete entity"
          onClose={close}
          onConfirm={async () => {
            const stayed = fromHere();
            await removeEntity(id);
            if (stayed()) go("context", ["entities", type]);
          }}
        >
          {id} is deleted at its broker. Tasks that have it as input stop, unless others keep them. A device
          that still sends makes it anew.
        </Confirm>
      )}
    </>
  );
}

function Facts({ entity }: { entity: Element }) {
  const { id, type } = entity.entityId;
  const updates = useLive((live) => live.updates.get(id));
  return (
    <dl className={css.facts}>
      <dt>Type</dt>
      <dd>{type}</dd>
      <dt>Provided by</dt>
      <dd>
        <Provider id={id} type={type} />
      </dd>
      {updates !== undefined && (
        <>
          <dt>Updates</dt>
          <dd>{plural(updates, "update")} since this page follows it</dd>
        </>
      )}
    </dl>
  );
}

function Provider({ id, type }: { id: string; type: string }) {
  const brokers = useLive((live) => live.brokers);
  const found = useQuery({
    queryKey: ["provider", id],
    queryFn: () => discover([{ id, type, isPattern: false }]),
    staleTime: 60_000,
  });
  return (
    <Loaded of={found}>
      {(registrations) => {
        const provider = registrations.find(({ entities }) =>
          entities.some((known) => known.id === id),
        )?.provider;
        if (!provider) return <span className="soft">not registered at discovery yet</span>;
        return <span title={provider}>{nameOf(brokers, provider)}</span>;
      }}
    </Loaded>
  );
}

function DomainMetadata({ entity }: { entity: Element }) {
  const metadata = entity.domainMetadata ?? [];
  if (metadata.length === 0) return null;
  return (
    <>
      <h3>Domain metadata ({count(metadata.length)})</h3>
      <dl className={css.facts}>
        {metadata.map(({ name, type, value }) => (
          <div key={name}>
            <dt>
              {name} {type && <span className={css.type}>{type}</span>}
            </dt>
            <dd className="mono">{textOf(value)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
