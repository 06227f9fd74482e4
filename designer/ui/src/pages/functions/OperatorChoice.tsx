// What a fog function runs: an operator that is there, or code written here.
import { useId } from "react";
import { hashOf } from "@/app/router";
import { FunctionCode } from "@/operators/FunctionCode";
import type { Problems } from "@/operators/operator";
import { SelectField } from "@/ui";
import css from "./functions.module.css";

interface Props {
  operator: string;
  operators: string[];
  /** The code of the operator to be made; undefined when one that is there is chosen. */
  code: string | undefined;
  /** Whether code may be written here. */
  mayWrite: boolean;
  inputType: string;
  outputType: string;
  problems: Problems;
  onOperator: (name: string) => void;
  onCode: (code: string | undefined) => void;
}

export function OperatorChoice(props: Props) {
  const { code, mayWrite, inputType, outputType, problems, onCode } = props;
  return (
    <div className="stack">
      {mayWrite && <Source own={code !== undefined} onChange={(own) => onCode(own ? "" : undefined)} />}
      {code === undefined ? (
        <Existing {...props} />
      ) : (
        <FunctionCode
          code={code}
          inputType={inputType}
          outputType={outputType}
          problem={problems.get("functionCode")}
          onChange={onCode}
        />
      )}
    </div>
  );
}

function Source({ own, onChange }: { own: boolean; onChange: (own: boolean) => void }) {
  const name = useId();
  return (
    <fieldset className={css.choice}>
      <legend className="visually-hidden">What it runs</legend>
      <label>
        <input type="radio" name={name} checked={own} onChange={() => onChange(true)} />
        Code written here
      </label>
      <label>
        <input type="radio" name={name} checked={!own} onChange={() => onChange(false)} />
        An operator that is there
      </label>
    </fieldset>
  );
}

function Existing({ operator, operators, problems, onOperator }: Props) {
  const known = !operator || operators.includes(operator) ? operators : [...operators, operator];
  return (
    <SelectField
      label="Operator"
      value={operator}
      problem={problems.get("topology.tasks[0].operator")}
      hint={
        operator ? (
          <a href={hashOf("operators", [operator], { edit: "1" })}>Change what {operator} does</a>
        ) : undefined
      }
      onChange={(event) => onOperator(event.target.value)}
    >
      <option value="">Choose one</option>
      {known.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </SelectField>
  );
}
