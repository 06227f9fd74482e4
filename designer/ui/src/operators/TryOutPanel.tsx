// Tries a function on a sample entity.
import { problemOf } from "@/api/http";
import { CodeEditor } from "@/code/CodeEditor";
import { Button, Notice, SelectField, TextField } from "@/ui";
import css from "./operators.module.css";
import { refusalOf } from "./refusal";
import { TryResult } from "./TryResult";
import type { TryOut } from "./useTryOut";

export function TryOutPanel({ tryOut }: { tryOut: TryOut }) {
  const { sample, failure, tried } = tryOut;
  const known = sample.type === "" || sample.types.includes(sample.type);
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
          onChange={(event) => sample.choose(event.target.value)}
        >
          <option value="">An example</option>
          {!known && <option value={sample.type}>An example of type {sample.type}</option>}
          {sample.types.map((type) => (
            <option key={type} value={type}>
              One of type {type}
            </option>
          ))}
        </SelectField>
        <TextField
          label="Type of its output"
          value={tryOut.output}
          onChange={(event) => tryOut.chooseOutput(event.target.value)}
        />
      </div>
      {sample.failure && <Notice mood="warn">{problemOf(sample.failure)}</Notice>}
      <CodeEditor
        label="Entity as JSON"
        language="json"
        value={sample.text}
        onChange={sample.edit}
        onRun={tryOut.run}
        problem={tryOut.problem}
      />
      {failure && <Notice mood="bad">{refusalOf(failure).text}</Notice>}
      {!failure && tried && <TryResult tried={tried} stale={tryOut.stale} />}
    </section>
  );
}
