// Settings for the task instances of an intent.
import { useId } from "react";
import type { Parameter } from "@/api/types";
import { Button, TextField } from "@/ui";
import css from "./intents.module.css";
import type { Problems } from "./model/intent";

interface ParametersProps {
  parameters: Parameter[];
  /** Names that the operators know. */
  names: string[];
  problems: Problems;
  onChange: (parameters: Parameter[]) => void;
}

export function Parameters({ parameters, names, problems, onChange }: ParametersProps) {
  const list = useId();
  const set = (index: number, patch: Partial<Parameter>) =>
    onChange(parameters.with(index, { ...parameters[index]!, ...patch }));
  return (
    <div className="stack">
      <p className="soft">
        They hold for the instances of all tasks, in place of what the operators say.
        {names.length > 0 && ` The operators know ${names.join(", ")}.`}
      </p>
      <datalist id={list}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {parameters.map(({ name, value }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a parameter is known by its place in the row
        <div key={index} className={css.parameter}>
          <TextField
            label={`Name ${index + 1}`}
            list={list}
            value={name}
            problem={problems[`parameters[${index}].name`]}
            onChange={(event) => set(index, { name: event.target.value })}
          />
          <TextField
            label={`Value ${index + 1}`}
            value={value ?? ""}
            problem={problems[`parameters[${index}].value`]}
            onChange={(event) => set(index, { value: event.target.value })}
          />
          <Button
            look="plain"
            icon="trash"
            aria-label={`Remove parameter ${index + 1}`}
            onClick={() => onChange(parameters.toSpliced(index, 1))}
          />
        </div>
      ))}
      <div>
        <Button icon="plus" onClick={() => onChange([...parameters, { name: "", value: "" }])}>
          Add a parameter
        </Button>
      </div>
    </div>
  );
}
