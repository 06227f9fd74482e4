import { hashOf, usePlace } from "@/app/router";
import { Page, Tabs } from "@/ui";
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
        <Tabs label="Parts of the context" tabs={parts} current={part} />
        {part === "entities" && <Entities type={rest[1]} id={query.get("id") ?? undefined} />}
        {part === "subscriptions" && <Subscriptions />}
        {part === "registrations" && <Registrations />}
      </div>
    </Page>
  );
}
