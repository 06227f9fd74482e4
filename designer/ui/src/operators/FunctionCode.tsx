// The code of a function next to a place to try it.

import type { Parameter } from "@/api/types";
import { CodeEditor } from "@/code/CodeEditor";
import { Button, SelectField } from "@/ui";
import css from "./operators.module.css";
import { TryOutPanel } from "./TryOutPanel";
import { templates } from "./templates";
import { useTryOut } from "./useTryOut";

interface Props {
  code: string;
  /** Left out, it cannot be changed. */
  onChange?: (code: string) => void;
  problem?: string;
  /** Those of the operator. */
  parameters?: Parameter[];
  /** Types it is tried with at first. */
  inputType?: string;
  outputType?: string;
}

const none: Parameter[] = [];

export function FunctionCode({
  code,
  onChange,
  problem,
  parameters = none,
  inputType = "",
  outputType = "",
}: Props) {
  const tryOut = useTryOut({ code, parameters, inputType, outputType: outputType || "Result" });
  return (
    <div className={css.bench}>
      <div className={css.code}>
        {onChange && <TemplateChoice code={code} onChange={onChange} />}
        <CodeEditor
          label="Function code"
          language="javascript"
          size="tall"
          value={code}
          onChange={onChange}
          onRun={tryOut.run}
          marks={tryOut.marks}
          problem={problem}
          hint="JavaScript that sets exports.handler, called for every update of an input. Ctrl or ⌘ with Enter tries it."
        />
      </div>
      <TryOutPanel tryOut={tryOut} />
    </div>
  );
}

function TemplateChoice({ code, onChange }: { code: string; onChange: (code: string) => void }) {
  const chosen = templates.find((template) => template.code === code)?.id ?? "";
  const choose = (id: string) => onChange(templates.find((template) => template.id === id)?.code ?? code);
  return (
    <SelectField label="Start from" value={chosen} onChange={(event) => choose(event.target.value)}>
      <option value="">Code of my own</option>
      {templates.map(({ id, name, about }) => (
        <option key={id} value={id}>
          {name}: {about}
        </option>
      ))}
    </SelectField>
  );
}

/** Offers what to start from while there is no code. */
export function Templates({ onChoose }: { onChoose: (code: string) => void }) {
  return (
    <ul className={css.templates}>
      {templates.map(({ id, name, about, code }) => (
        <li key={id}>
          <Button icon="plus" onClick={() => onChoose(code)}>
            {name}
          </Button>
          <span className="soft">{about}</span>
        </li>
      ))}
    </ul>
  );
}
