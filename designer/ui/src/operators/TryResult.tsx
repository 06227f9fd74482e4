// What a function did with the sample.
import type { Element, Tried } from "@/api/types";
import { Notice, plural, shortValue } from "@/ui";
import css from "./operators.module.css";

export function TryResult({ tried, stale }: { tried: Tried; stale: boolean }) {
  return (
    <div className={css.result} role="status" aria-label="Result" data-stale={stale}>
      {stale && <p className={css.note}>The code or a limit has changed since; run it again.</p>}
      {tried.error ? <Failure error={tried.error} /> : <Done tried={tried} />}
      <Log lines={tried.log} />
    </div>
  );
}

function Failure({ error }: { error: NonNullable<Tried["error"]> }) {
  const column = error.column ? `, column ${error.column}` : "";
  return (
    <Notice mood="bad">
      {error.line ? `Line ${error.line}${column}: ` : ""}
      {error.message}
    </Notice>
  );
}

function Done({ tried }: { tried: Tried }) {
  const { published = [], queries = [], subscriptions = [], timers = 0, took_ms } = tried;
  const took = took_ms === undefined ? "" : ` It took ${took_ms} ms.`;
  return (
    <>
      <Notice mood={published.length ? "good" : "quiet"}>
        {published.length
          ? `Published ${plural(published.length, "entity", "entities")}.`
          : "Published nothing."}
        {took}
      </Notice>
      <ul className={css.entities} aria-label="Published entities">
        {published.map((element, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: one entity may be published several times
          <li key={index}>
            <EntityCard element={element} />
          </li>
        ))}
      </ul>
      <Requests title="Queries" about="Here each is answered with an empty list." requests={queries} />
      <Requests title="Subscriptions" about="Here they bring nothing." requests={subscriptions} />
      {timers > 0 && <p className={css.note}>{plural(timers, "timer")} still to fire at the end.</p>}
    </>
  );
}

export function EntityCard({ element }: { element: Element }) {
  const { entityId, attributes = [], domainMetadata = [] } = element;
  return (
    <article className={css.entity}>
      <header>
        <strong>{entityId.id || "The task's output"}</strong>
        {entityId.type && <span className="soft"> {entityId.type}</span>}
      </header>
      <Members of={attributes} />
      {domainMetadata.length > 0 && <div className={css.note}>Metadata</div>}
      <Members of={domainMetadata} />
      <details>
        <summary>JSON</summary>
        <pre className={css.json}>{JSON.stringify(element, null, 2)}</pre>
      </details>
    </article>
  );
}

function Members({ of }: { of: { name: string; value: unknown }[] }) {
  return (
    <dl className={css.members}>
      {of.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="mono">{shortValue(value, 200)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Requests({ title, about, requests }: { title: string; about: string; requests: unknown[] }) {
  if (requests.length === 0) return null;
  return (
    <details>
      <summary>
        {title} ({requests.length})
      </summary>
      <p className={css.note}>{about}</p>
      <pre className={css.json}>
        {requests.map((request) => JSON.stringify(request, null, 2)).join("\n\n")}
      </pre>
    </details>
  );
}

function Log({ lines }: { lines: string[] }) {
  if (lines.length === 0) return null;
  return (
    <div>
      <h3>Log</h3>
      <pre className={css.json}>{lines.join("\n")}</pre>
    </div>
  );
}
