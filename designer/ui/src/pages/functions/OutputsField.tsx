// The types a fog function writes.
import { nameProblem } from "@/operators/names";
import type { Problems } from "@/operators/operator";
import { Button, TextField } from "@/ui";
import css from "./functions.module.css";

type Output = { entity_type: string };

interface Props {
  outputs: Output[];
  problems: Problems;
  onChange: (outputs: Output[]) => void;
}

const AT = "topology.tasks[0].output_streams";

export function OutputsField({ outputs, problems, onChange }: Props) {
  const change = (at: number, entity_type: string) =>
    onChange(outputs.map((output, index) => (index === at ? { ...output, entity_type } : output)));
  return (
    <div className="stack">
      {outputs.map((output, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an output is known by its place in the document
        <div key={index} className={css.output}>
          <TextField
            label="Output type"
            value={output.entity_type}
            hint={
              index === 0 ? "Each instance has an entity of its own. Empty when it writes none." : undefined
            }
            problem={problems.get(`${AT}[${index}].entity_type`)}
            onChange={(event) => change(index, event.target.value)}
          />
          {outputs.length > 1 && (
            <Button
              icon="trash"
              look="plain"
              aria-label={`Remove output ${index + 1}`}
              onClick={() => onChange(outputs.filter((_, other) => other !== index))}
            />
          )}
        </div>
      ))}
      <div>
        <Button
          icon="plus"
          disabled={outputs.some(({ entity_type }) => nameProblem(entity_type))}
          onClick={() => onChange([...outputs, { entity_type: "" }])}
        >
          Add an output
        </Button>
      </div>
    </div>
  );
}
