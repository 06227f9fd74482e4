// Intents: what of the topologies is to run, where and how urgently.
import { useMemo, useState } from "react";
import { flushSync } from "react-dom";
import { useIntents, useServices } from "@/api/documents";
import { useLive } from "@/api/live";
import type { Intent } from "@/api/types";
import { go, hashOf, usePlace } from "@/app/router";
import { Button, ButtonLink, Empty, Loaded, Page } from "@/ui";
import { useKept } from "@/ui/useKept";
import { DeleteIntent } from "./DeleteIntent";
import { IntentForm } from "./IntentForm";
import { IntentList } from "./IntentList";
import { draftOf, newDraft, scopeIn } from "./model/intent";
import { countsByIntent, total } from "./model/state";

export default function IntentsPage() {
  const { rest, query } = usePlace();
  const [id] = rest;
  if (id === "new" || (!id && (query.has("topology") || query.has("scope")))) return <New query={query} />;
  return id ? <Edit key={id} id={id} /> : <All />;
}

const about = "An intent says which topology is to run, for which area and how urgently.";

function All() {
  const intents = useIntents();
  return (
    <Page
      title="Intents"
      about={about}
      actions={
        <ButtonLink href={hashOf("intents", ["new"])} look="primary" icon="plus">
          New intent
        </ButtonLink>
      }
    >
      <Loaded of={intents}>
        {(all) => {
          const list = Object.values(all);
          return list.length > 0 ? <IntentList intents={list} /> : <Nothing />;
        }}
      </Loaded>
    </Page>
  );
}

function Nothing() {
  const drawn = Object.keys(useServices().data ?? {}).length;
  return (
    <Empty
      title="Nothing is wanted yet."
      action={
        drawn > 0 ? (
          <ButtonLink href={hashOf("intents", ["new"])} look="primary">
            Make the first intent
          </ButtonLink>
        ) : (
          <ButtonLink href={hashOf("topologies")} look="primary">
            Draw a topology first
          </ButtonLink>
        )
      }
    >
      A topology runs once there is an intent for it. Fog functions run without one.
    </Empty>
  );
}

function useTopologies() {
  const services = useServices();
  const topologies = useMemo(
    () => services.data && Object.values(services.data).map((service) => service.topology),
    [services.data],
  );
  return { ...services, data: topologies };
}

function New({ query }: { query: URLSearchParams }) {
  const topologies = useTopologies();
  const [wanted, scope] = [query.get("topology") ?? "", query.get("scope")];
  return (
    <Page
      title="New intent"
      about={about}
      actions={<ButtonLink href={hashOf("intents")}>All intents</ButtonLink>}
    >
      <Loaded of={topologies}>
        {(all) => {
          const [only, ...others] = all;
          if (!only) return <Nothing />;
          const topology = wanted || (others.length === 0 ? only.name : "");
          return (
            <IntentForm
              key={`${topology} ${scope}`}
              draft={newDraft(topology, scopeIn(scope))}
              topologies={all}
            />
          );
        }}
      </Loaded>
    </Page>
  );
}

function Edit({ id }: { id: string }) {
  const intents = useIntents();
  const topologies = useTopologies();
  const [deleted, setDeleted] = useState(false);
  const now = intents.data?.[id];
  const intent = useKept(deleted ? undefined : id, now);
  if (intents.data && !intent) return <Unknown id={id} />;
  const leave = () => {
    flushSync(() => setDeleted(true));
    go("intents");
  };
  return (
    <Page
      title={intent ? `Intent of ${intent.topology}` : "Intent"}
      about={id}
      actions={intent && <Actions intent={intent} onDeleted={leave} />}
    >
      <Loaded of={intents}>
        {() => (
          <Loaded of={topologies}>
            {(all) =>
              intent && <IntentForm stored={intent} gone={!now} draft={draftOf(intent)} topologies={all} />
            }
          </Loaded>
        )}
      </Loaded>
    </Page>
  );
}

function Actions({ intent, onDeleted }: { intent: Intent; onDeleted: () => void }) {
  const [asking, setAsking] = useState(false);
  const instances = useLive((live) => live.instances);
  return (
    <>
      <ButtonLink href={hashOf("running", [intent.id])} icon="running">
        Running
      </ButtonLink>
      <ButtonLink href={hashOf("map", [intent.id])} icon="map">
        Map
      </ButtonLink>
      <Button look="danger" icon="trash" onClick={() => setAsking(true)}>
        Delete
      </Button>
      {asking && (
        <DeleteIntent
          intent={intent}
          instances={total(countsByIntent(instances.values()).get(intent.id))}
          onClose={() => setAsking(false)}
          onDeleted={onDeleted}
        />
      )}
    </>
  );
}

function Unknown({ id }: { id: string }) {
  return (
    <Page title="Intent">
      <Empty
        title="There is no such intent."
        action={<ButtonLink href={hashOf("intents")}>All intents</ButtonLink>}
      >
        <span className="mono">{id}</span> may have been deleted.
      </Empty>
    </Page>
  );
}
