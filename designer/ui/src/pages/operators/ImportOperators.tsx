// Takes operators from a file.
import { type ChangeEvent, useState } from "react";
import { useChange } from "@/api/documents";
import { post, problemOf } from "@/api/http";
import type { Operator } from "@/api/types";
import css from "@/operators/operators.module.css";
import { refusalOf } from "@/operators/refusal";
import { Button, Dialog, Field, Notice, plural, toast } from "@/ui";
import { MAX_FILE_BYTES, NotAnOperator, operatorsOf } from "./exchange";
import { RunsAs } from "./OperatorList";

interface Props {
  /** Names that are there. */
  names: ReadonlySet<string>;
  onClose: () => void;
}

async function read(file: File): Promise<Operator[]> {
  if (file.size > MAX_FILE_BYTES) throw new NotAnOperator("The file is larger than 1 MB.");
  return operatorsOf(await file.text());
}

export function ImportOperators({ names, onClose }: Props) {
  const [operators, setOperators] = useState<Operator[]>([]);
  const [problem, setProblem] = useState<string>();
  const store = useChange("operator", (documents: Operator[]) => post("/operator", documents));
  const replaced = operators.filter(({ name }) => names.has(name)).map(({ name }) => name);

  const choose = async (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    setOperators([]);
    setProblem(undefined);
    store.reset();
    if (!file) return;
    await read(file).then(setOperators, (error) => setProblem(problemOf(error)));
  };
  const save = () =>
    store.mutate(operators, {
      onSuccess: () => {
        toast(`${plural(operators.length, "operator")} imported.`);
        onClose();
      },
    });
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button look="primary" disabled={operators.length === 0 || store.isPending} onClick={save}>
        {replaced.length > 0 ? "Import and replace" : "Import"}
      </Button>
    </>
  );
  return (
    <Dialog title="Import operators" onClose={onClose} actions={actions}>
      <Field label="File" hint="JSON with one operator or a list of them, 1 MB at most." problem={problem}>
        {(wiring) => <input type="file" accept=".json,application/json" onChange={choose} {...wiring} />}
      </Field>
      <ul className={css.entities} aria-label="What it holds">
        {operators.map((operator) => (
          <li key={operator.name} className="row">
            <strong>{operator.name}</strong>
            <RunsAs operator={operator} />
          </li>
        ))}
      </ul>
      {replaced.length > 0 && (
        <Notice mood="warn">
          There already, and replaced: {replaced.join(", ")}. Instances that run it start anew.
        </Notice>
      )}
      {store.error && <Notice mood="bad">{refusalOf(store.error).text}</Notice>}
    </Dialog>
  );
}
