// Parameters of an operator: those the workers understand as fields of their own, the others as a list.
import { useId } from "react";
import type { Parameter } from "@/api/types";
import type { Problems } from "@/operators/operator";
import css from "@/operators/operators.module.css";
import { type Known, known, others, parameterOf, type RunsAs, withValue } from "@/operators/parameters";
import { Button, TextField } from "@/ui";
import { Choice } from "./ImagesField";

interface Props {
  parameters: Parameter[];
  problems: Problems;
  onChange: (parameters: Parameter[]) => void;
}

/** Fields for parameters that are known; those for what the operator does not run as are left out unless set. */
export function KnownParameters({ fields, runs, ...props }: Props & { fields: Known[]; runs: RunsAs }) {
  const { parameters } = props;
  const shown = fields.filter(({ name, only }) => !only || runs[only] || parameterOf(parameters, name));
  return (
    <div className={css.grid}>
      {shown.map((field) => (
        <KnownParameter key={field.name} field={field} {...props} />
      ))}
    </div>
  );
}

function KnownParameter({ field, parameters, problems, onChange }: Props & { field: Known }) {
  const index = parameters.findIndex((parameter) => parameter.name === field.name);
  const given = {
    label: field.label,
    hint: field.hint,
    problem: problems.get(`parameters[${index}].value`),
    value: parameterOf(parameters, field.name),
  };
  const change = (value: string) => onChange(withValue(parameters, field.name, value));
  if (field.choice) return <Choice {...given} options={field.choice} onChange={change} />;
  return (
    <TextField
      {...given}
      inputMode={field.name === "site_id" ? "text" : "decimal"}
      placeholder={field.example}
      onChange={(event) => change(event.target.value)}
    />
  );
}

export function OtherParameters({ parameters, problems, onChange }: Props) {
  const list = useId();
  const rows = parameters.map((parameter, index) => ({ parameter, index }));
  const change = (at: number, patch: Partial<Parameter>) =>
    onChange(parameters.map((parameter, index) => (index === at ? { ...parameter, ...patch } : parameter)));
  return (
    <div className="stack">
      <datalist id={list}>
        {Object.keys(others).map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {rows
        .filter(({ parameter }) => !known.has(parameter.name))
        .map(({ parameter, index }) => (
          <fieldset key={index} className={css.parameter}>
            <legend className="visually-hidden">Parameter {parameter.name || index + 1}</legend>
            <TextField
              label="Name"
              list={list}
              value={parameter.name}
              problem={problems.get(`parameters[${index}].name`)}
              onChange={(event) => change(index, { name: event.target.value })}
            />
            <TextField
              label="Value"
              value={parameter.value ?? ""}
              hint={others[parameter.name]}
              problem={problems.get(`parameters[${index}].value`)}
              onChange={(event) => change(index, { value: event.target.value })}
            />
            <Button
              icon="trash"
              look="plain"
              aria-label={`Remove parameter ${parameter.name || index + 1}`}
              onClick={() => onChange(parameters.filter((_, other) => other !== index))}
            />
          </fieldset>
        ))}
      <div>
        <Button icon="plus" onClick={() => onChange([...parameters, { name: "", value: "" }])}>
          Add a parameter
        </Button>
      </div>
    </div>
  );
}
