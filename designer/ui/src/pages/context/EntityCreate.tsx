// A new entity, by form or as JSON.
import { type FormEvent, useId, useState } from "react";
import { problemOf } from "@/api/http";
import type { Element, Point } from "@/api/types";
import { fromHere, go } from "@/app/router";
import { AttributeRows } from "@/entities/AttributeRows";
import { type DraftProblem, emptyDraft, exampleElement, readDrafts, readElement } from "@/entities/drafts";
import { element, locationOf, query, update } from "@/entities/ngsi10";
import { PlacePicker } from "@/map/PlacePicker";
import { Button, Dialog, Field, Notice, TextField, toast } from "@/ui";

interface Problems {
  id?: string;
  type?: string;
  rows: Map<number, DraftProblem>;
  json?: string;
  whole?: string;
}

const none: Problems = { rows: new Map() };

export default function EntityCreate({ type, onClose }: { type?: string; onClose: () => void }) {
  const [asJson, setAsJson] = useState(false);
  const [name, setName] = useState({ id: "", type: type ?? "" });
  const [drafts, setDrafts] = useState(() => [emptyDraft()]);
  const [place, setPlace] = useState<Point | null>(null);
  const [json, setJson] = useState(exampleElement);
  const [problems, setProblems] = useState(none);
  const [busy, setBusy] = useState(false);
  const form = useId();

  const read = (): Element | null => {
    if (asJson) {
      const parsed = readElement(json);
      setProblems("problem" in parsed ? { ...none, json: parsed.problem } : none);
      return "element" in parsed ? parsed.element : null;
    }
    const { attributes, problems: rows } = readDrafts(drafts);
    const found: Problems = {
      id: name.id.trim() ? undefined : "Give it an identifier.",
      type: name.type.trim() ? undefined : "Give it a type.",
      rows,
    };
    setProblems(found);
    if (found.id || found.type || rows.size > 0) return null;
    const metadata = place ? [locationOf(place)] : undefined;
    return element({ id: name.id.trim(), type: name.type.trim() }, attributes, metadata);
  };

  const create = async (event: FormEvent) => {
    event.preventDefault();
    const written = read();
    if (!written) return;
    setBusy(true);
    const stayed = fromHere();
    const problem = await created(written);
    setBusy(false);
    if (problem) return setProblems({ ...none, [problem.at]: problem.text });
    toast(`${written.entityId.id} is created.`);
    onClose();
    if (stayed()) go("context", ["entities", written.entityId.type], { id: written.entityId.id });
  };

  return (
    <Dialog
      title="New entity"
      wide
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form={form} disabled={busy}>
            Create
          </Button>
        </>
      }
    >
      <div className="row" role="group" aria-label="How to write it">
        <Button aria-pressed={!asJson} look={asJson ? "plain" : "normal"} onClick={() => setAsJson(false)}>
          Form
        </Button>
        <Button aria-pressed={asJson} look={asJson ? "normal" : "plain"} onClick={() => setAsJson(true)}>
          JSON
        </Button>
      </div>
      <form id={form} className="stack" onChange={() => setProblems(none)} onSubmit={create} noValidate>
        {asJson ? (
          <Field label="Entity as NGSI-10 writes it" problem={problems.json}>
            {(wiring) => (
              <textarea
                {...wiring}
                className={`${wiring.className} mono`}
                rows={12}
                spellCheck={false}
                value={json}
                onChange={(event) => setJson(event.target.value)}
              />
            )}
          </Field>
        ) : (
          <>
            <TextField
              label="Identifier"
              placeholder="Room.1"
              value={name.id}
              problem={problems.id}
              onChange={(event) => setName({ ...name, id: event.target.value })}
            />
            <TextField
              label="Type"
              placeholder="Room"
              value={name.type}
              problem={problems.type}
              onChange={(event) => setName({ ...name, type: event.target.value })}
            />
            <AttributeRows drafts={drafts} problems={problems.rows} onChange={setDrafts} />
            <PlacePicker label="Place" value={place} onChange={setPlace} />
          </>
        )}
        {problems.whole && <Notice mood="bad">{problems.whole}</Notice>}
      </form>
    </Dialog>
  );
}

/** Creates an entity unless there is one of its identifier; says what is wrong. */
async function created(entity: Element): Promise<{ at: "id" | "json" | "whole"; text: string } | undefined> {
  try {
    const [other] = await query([{ id: entity.entityId.id, isPattern: false }]);
    if (other)
      return { at: "whole", text: `There is an entity ${entity.entityId.id} already: edit that one.` };
    await update(entity);
    return undefined;
  } catch (error) {
    return { at: "whole", text: problemOf(error) };
  }
}
