import { type FormEvent, useId, useState } from "react";
import { problemOf } from "@/api/http";
import type { Attribute, Element } from "@/api/types";
import { draftOf, emptyDraft, readDrafts } from "@/entities/drafts";
import { element, update } from "@/entities/ngsi10";
import { TypeField } from "@/entities/TypeField";
import { Button, Dialog, Field, Notice, TextField, toast } from "@/ui";

/** Without an attribute, one is added. */
export interface Edited {
  attribute?: Attribute;
}

interface Props {
  entity: Element;
  edited: Edited;
  onClose: () => void;
  onDone: () => void;
}

export function AttributeDialog({ entity, edited: { attribute }, onClose, onDone }: Props) {
  const [draft, setDraft] = useState(() => (attribute ? draftOf(attribute) : emptyDraft()));
  const [checked, setChecked] = useState(false);
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const form = useId();
  const read = readDrafts([draft]);
  const taken = !attribute && entity.attributes?.some(({ name }) => name === draft.name.trim());
  const problem = checked ? read.problems.get(draft.key) : undefined;
  const [written] = read.attributes;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (!written || taken) return;
    setState({ busy: true });
    try {
      await update(element(entity.entityId, [{ ...written, metadata: attribute?.metadata }]));
      toast(`${written.name} of ${entity.entityId.id} is set.`);
      onDone();
    } catch (error) {
      setState({ busy: false, problem: problemOf(error) });
    }
  };
  return (
    <Dialog
      title={attribute ? `Edit ${attribute.name}` : "Add an attribute"}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form={form} disabled={state.busy}>
            {attribute ? "Save" : "Add"}
          </Button>
        </>
      }
    >
      <form id={form} className="stack" onSubmit={save} noValidate>
        <TextField
          label="Name"
          value={draft.name}
          readOnly={Boolean(attribute)}
          problem={
            taken ? "The entity has one of this name: edit that." : problem?.name || nameless(checked, draft)
          }
          onChange={(event) => setDraft({ ...draft, name: event.target.value })}
        />
        <TypeField value={draft.type} onChange={(type) => setDraft({ ...draft, type })} />
        <Field label="Value" problem={problem?.text}>
          {(wiring) => (
            <textarea
              {...wiring}
              rows={3}
              spellCheck={false}
              value={draft.text}
              onChange={(event) => setDraft({ ...draft, text: event.target.value })}
            />
          )}
        </Field>
        {attribute && (
          <p className="soft">Whoever sends this entity may write over the value with the next update.</p>
        )}
        {state.problem && <Notice mood="bad">{state.problem}</Notice>}
      </form>
    </Dialog>
  );
}

const nameless = (checked: boolean, draft: { name: string; text: string }) =>
  checked && !draft.name.trim() && !draft.text ? "Give it a name." : undefined;
