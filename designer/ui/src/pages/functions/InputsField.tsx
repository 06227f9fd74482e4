// What a fog function reads, and how its instances share it.
import { useId } from "react";
import type { InputStream } from "@/api/types";
import type { Problems } from "@/operators/operator";
import { useKnownTypes } from "@/operators/useTryOut";
import { Button, CheckField, Notice, SelectField, TextField } from "@/ui";
import { newInput } from "./fogFunction";
import css from "./functions.module.css";

interface Props {
  inputs: InputStream[];
  problems: Problems;
  onChange: (inputs: InputStream[]) => void;
}

const AT = "topology.tasks[0].input_streams";
const fixed = ["EntityID", "EntityType", "ALL"];

export function InputsField({ inputs, problems, onChange }: Props) {
  const types = useKnownTypes();
  const list = useId();
  const change = (at: number, patch: Partial<InputStream>) =>
    onChange(inputs.map((input, index) => (index === at ? { ...input, ...patch } : input)));
  const none = problems.get(AT);
  return (
    <div className="stack">
      <datalist id={list}>
        {types.map((type) => (
          <option key={type} value={type} />
        ))}
      </datalist>
      {none && <Notice mood="bad">The inputs {none}.</Notice>}
      {inputs.map((input, index) => (
        <InputRow
          // biome-ignore lint/suspicious/noArrayIndexKey: an input is known by its place in the document
          key={index}
          list={list}
          input={input}
          number={index + 1}
          problems={problems}
          onChange={(patch) => change(index, patch)}
          onRemove={
            inputs.length > 1 ? () => onChange(inputs.filter((_, other) => other !== index)) : undefined
          }
        />
      ))}
      <div>
        <Button icon="plus" onClick={() => onChange([...inputs, newInput()])}>
          Add an input
        </Button>
      </div>
    </div>
  );
}

interface RowProps {
  list: string;
  input: InputStream;
  number: number;
  problems: Problems;
  onChange: (patch: Partial<InputStream>) => void;
  /** Left out for the only one. */
  onRemove?: () => void;
}

function InputRow({ list, input, number, problems, onChange, onRemove }: RowProps) {
  const problem = (member: string) => problems.get(`${AT}[${number - 1}].${member}`);
  return (
    <fieldset className={css.input}>
      <legend className="visually-hidden">Input {number}</legend>
      <TextField
        label="Entities of type"
        list={list}
        value={input.selected_type}
        problem={problem("selected_type")}
        onChange={(event) => onChange({ selected_type: event.target.value })}
      />
      <TextField
        label="Attributes"
        placeholder="All"
        hint="With commas between them."
        value={input.selected_attributes.join(",")}
        problem={problem("selected_attributes")}
        onChange={(event) =>
          onChange({ selected_attributes: event.target.value ? event.target.value.split(",") : [] })
        }
      />
      <Grouping
        groupby={input.groupby}
        problem={problem("groupby")}
        onChange={(groupby) => onChange({ groupby })}
      />
      {onRemove && (
        <Button icon="trash" look="plain" aria-label={`Remove input ${number}`} onClick={onRemove} />
      )}
      <div className={css.scoped}>
        <CheckField
          label="Only entities in the area below"
          checked={input.scoped}
          onChange={(event) => onChange({ scoped: event.target.checked })}
        />
      </div>
    </fieldset>
  );
}

interface GroupingProps {
  groupby: string;
  problem?: string;
  onChange: (groupby: string) => void;
}

function Grouping({ groupby, problem, onChange }: GroupingProps) {
  const own = !fixed.includes(groupby);
  return (
    <div className="stack">
      <SelectField
        label="One instance"
        value={own ? "" : groupby}
        onChange={(event) => onChange(event.target.value)}
      >
        <option value="EntityID">for each entity</option>
        <option value="EntityType">for each type</option>
        <option value="ALL">for all together</option>
        <option value="">for each value of …</option>
      </SelectField>
      {own && (
        <TextField
          label="Attribute or metadatum"
          value={groupby}
          problem={problem}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </div>
  );
}
