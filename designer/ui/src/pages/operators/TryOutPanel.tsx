// Tries a function on a sample entity.
import { problemOf } from "@/api/http";
import { CodeEditor } from "@/code/CodeEditor";
import { Button, Notice, SelectField, TextField } from "@/ui";
import css from "./operators.module.css";
import { TryResult } from "./TryResult";
import { type TryOut, useKnownTypes } from "./useTryOut";

export function TryOutPanel({ tryOut }: { tryOut: TryOut }) {
  const { sample, output, failure, tried } = tryOut;
  const types = useKnownTypes();
  return (
    <section className={css.panel} aria-label="Try it">
      <div className="row spread">
        <h3>Try it</h3>
        <Button icon="play" look="primary" disabled={tryOut.busy} onClick={tryOut.run}>
          {tryOut.busy ? "Running…" : "Run"}
        </Button>
      </div>
      <p className={css.note}>
        Runs the code once, in a worker, with this entity. Nothing is written and nothing is deployed.
      </p>
      <div className={css.pair}>
        <SelectField
          label="Sample entity"
          value={sample.type}
          onChange={(event) => sample.take(event.target.value)}
        >
          <option value="">An example</option>
          {types.map((type) => (
            <option key={type} value={type}>
              One of type {type}
            </option>
          ))}
        </SelectField>
        <TextField
          label="Output type"
          value={output.type}
          onChange={(event) => output.set(event.target.value)}
        />
      </div>
      {sample.taken.error && <Notice mood="warn">{problemOf(sample.taken.error)}</Notice>}
      <CodeEditor
        label="Entity as JSON"
        language="json"
        value={sample.text}
        onChange={sample.setText}
        onRun={tryOut.run}
        problem={sample.problem}
      />
      {failure && <Notice mood="bad">{problemOf(failure)}</Notice>}
      {!failure && tried && <TryResult tried={tried} stale={tryOut.stale} />}
    </section>
  );
}
