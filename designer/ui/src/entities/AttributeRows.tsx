// Rows of attributes in a form: name, type, value.
import { Button, TextField } from "@/ui";
import { type Draft, type DraftProblem, emptyDraft } from "./drafts";
import css from "./entities.module.css";
import { TypeField } from "./TypeField";

interface Props {
  drafts: Draft[];
  problems: Map<number, DraftProblem>;
  onChange: (drafts: Draft[]) => void;
}

export function AttributeRows({ drafts, problems, onChange }: Props) {
  const set = (key: number, change: Partial<Draft>) =>
    onChange(drafts.map((draft) => (draft.key === key ? { ...draft, ...change } : draft)));
  return (
    <fieldset className={css.rows}>
      <legend>Attributes</legend>
      {drafts.map((draft) => (
        <div key={draft.key} className={css.rowFields}>
          <TextField
            label="Name"
            value={draft.name}
            problem={problems.get(draft.key)?.name}
            onChange={(event) => set(draft.key, { name: event.target.value })}
          />
          <TypeField value={draft.type} onChange={(type) => set(draft.key, { type })} />
          <TextField
            label="Value"
            value={draft.text}
            problem={problems.get(draft.key)?.text}
            onChange={(event) => set(draft.key, { text: event.target.value })}
          />
          <Button
            look="plain"
            icon="close"
            aria-label={`Remove the row ${draft.name}`}
            onClick={() => onChange(drafts.filter(({ key }) => key !== draft.key))}
          />
        </div>
      ))}
      <div>
        <Button icon="plus" onClick={() => onChange([...drafts, emptyDraft()])}>
          Attribute
        </Button>
      </div>
    </fieldset>
  );
}
