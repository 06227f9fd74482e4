import { useLive } from "@/api/live";
import { hashOf, usePlace } from "@/app/router";
import { Notice, Page, siteOf, Tabs } from "@/ui";
import css from "./context.module.css";
import { Entities } from "./Entities";
import { Registrations } from "./Registrations";
import { Subscriptions } from "./Subscriptions";

const parts = [
  { id: "entities", name: "Entities" },
  { id: "subscriptions", name: "Subscriptions" },
  { id: "registrations", name: "Registrations" },
].map((part) => ({ ...part, href: hashOf("context", [part.id]) }));

export default function ContextPage() {
  const { rest, query } = usePlace();
  const part = parts.find(({ id }) => id === rest[0])?.id ?? "entities";
  return (
    <Page title="Context" fill={part === "entities"}>
      <div className={part === "entities" ? css.view : "stack"}>
        <div className="stack">
          <Tabs label="Parts of the context" tabs={parts} current={part} />
          <SilentBrokers />
        </div>
        {part === "entities" && <Entities type={rest[1]} id={query.get("id") ?? undefined} />}
        {part === "subscriptions" && <Subscriptions />}
        {part === "registrations" && <Registrations />}
      </div>
    </Page>
  );
}

/** What their entities are cannot be asked; what is shown may be old, or missing. */
function SilentBrokers() {
  const brokers = useLive((live) => live.brokers);
  const silent = brokers.filter(({ state }) => state === "silent").map(({ id }) => siteOf(id));
  if (silent.length === 0) return null;
  const who = silent.length > 3 ? `${silent.length} brokers do` : `The broker of ${silent.join(", ")} does`;
  return (
    <Notice mood="warn">{who} not answer: what is held there is shown as it last was, or is missing.</Notice>
  );
}
