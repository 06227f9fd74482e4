// Creates or changes an operator.
import { type FormEvent, useRef, useState } from "react";
import { useChange } from "@/api/documents";
import { post } from "@/api/http";
import type { Operator } from "@/api/types";
import { fromHere, hashOf } from "@/app/router";
import { FunctionCode, Templates } from "@/operators/FunctionCode";
import { type Draft, documentOf, problemsOf, runsAs } from "@/operators/operator";
import css from "@/operators/operators.module.css";
import { limits, placement, servicePort } from "@/operators/parameters";
import { useFaults } from "@/operators/refusal";
import type { Types } from "@/operators/usage";
import { Button, ButtonLink, Card, Notice, Page, TextField, toast, useUnsaved } from "@/ui";
import { useFirstFault } from "@/ui/useFirstFault";
import { ImagesField } from "./ImagesField";
import { KnownParameters, OtherParameters } from "./ParametersField";

interface Props {
  initial: Draft;
  /** Whether it is there already, so that its name stays. */
  exists: boolean;
  /** Names that others have. */
  taken: ReadonlySet<string>;
  /** Said above the form. */
  note?: string;
  /** What its function is tried with at first. */
  types?: Types;
}

export function OperatorForm({ initial, exists, taken, note, types }: Props) {
  const [draft, setDraft] = useState(initial);
  const [original] = useState(() => JSON.stringify(initial));
  const set = (patch: Partial<Draft>) => setDraft((before) => ({ ...before, ...patch }));
  const form = useRef<HTMLFormElement>(null);
  const faults = useFaults(draft, problemsOf(draft, taken));
  const unsaved = useUnsaved(JSON.stringify(draft) !== original);
  const store = useChange("operator", (operator: Operator) => post("/operator", [operator]));
  useFirstFault(form, faults.attempts);

  const save = (event: FormEvent) => {
    event.preventDefault();
    const stayed = fromHere();
    void faults.submit(async () => {
      await store.mutateAsync(documentOf(draft));
      toast(`Operator ${draft.name} is saved.`);
      if (stayed()) unsaved.leave(hashOf("operators", [draft.name]));
    });
  };
  const back = exists ? hashOf("operators", [draft.name]) : hashOf("operators");
  const actions = (
    <>
      <ButtonLink href={back}>Cancel</ButtonLink>
      <Button look="primary" type="submit" form="operator" disabled={faults.busy}>
        {faults.busy ? "Saving…" : "Save"}
      </Button>
    </>
  );
  return (
    <Page title={exists ? `Change ${draft.name}` : "New operator"} actions={actions}>
      <form id="operator" ref={form} className="stack" onSubmit={save} noValidate>
        {faults.text && <Notice mood="bad">{faults.text}</Notice>}
        {note && <Notice mood="warn">{note}</Notice>}
        <Parts draft={draft} problems={faults.problems} exists={exists} types={types} set={set} />
        <div className="row">{actions}</div>
      </form>
      {unsaved.dialog}
    </Page>
  );
}

interface PartsProps {
  draft: Draft;
  problems: ReadonlyMap<string, string>;
  exists: boolean;
  types?: Types;
  set: (patch: Partial<Draft>) => void;
}

function Parts({ draft, problems, exists, types, set }: PartsProps) {
  const runs = runsAs(draft);
  const parameters = {
    parameters: draft.parameters,
    problems,
    onChange: (changed: Draft["parameters"]) => set({ parameters: changed }),
  };
  return (
    <>
      <Card>
        <div className={css.about}>
          <TextField
            label="Name"
            value={draft.name}
            disabled={exists}
            hint={
              exists
                ? "Topologies know it by its name. Duplicate it to have it under another one."
                : undefined
            }
            problem={problems.get("name")}
            onChange={(event) => set({ name: event.target.value })}
          />
          <TextField
            label="Description"
            value={draft.description}
            problem={problems.get("description")}
            onChange={(event) => set({ description: event.target.value })}
          />
        </div>
      </Card>
      <CodePart draft={draft} problem={problems.get("functionCode")} types={types} set={set} />
      <Card title="Container images">
        <div className="stack">
          <p className="soft">
            For workers that run containers. A worker takes the image for its hardware and system, or the
            function code.
          </p>
          <ImagesField
            images={draft.dockerimages}
            problems={problems}
            onChange={(dockerimages) => set({ dockerimages })}
          />
        </div>
      </Card>
      {!runs.image && !runs.code && (
        <Notice mood="warn">Without function code or an image no worker can run this operator.</Notice>
      )}
      <Card title="Limits">
        <KnownParameters fields={[...limits, servicePort]} runs={runs} {...parameters} />
      </Card>
      <Card title="Where it may run">
        <KnownParameters fields={placement} runs={runs} {...parameters} />
      </Card>
      <Card title="Other parameters">
        <OtherParameters {...parameters} />
      </Card>
    </>
  );
}

interface CodePartProps extends Pick<PartsProps, "draft" | "types" | "set"> {
  problem?: string;
}

function CodePart({ draft, problem, types, set }: CodePartProps) {
  const code = draft.functionCode;
  const [open, setOpen] = useState(code !== "");
  const choose = (functionCode: string) => {
    set({ functionCode });
    setOpen(true);
  };
  const remove = () => {
    set({ functionCode: "" });
    setOpen(false);
  };
  const actions = open && (
    <Button icon="trash" look="plain" onClick={remove}>
      Remove the code
    </Button>
  );
  return (
    <Card title="Function" actions={actions}>
      {open ? (
        <FunctionCode
          code={code}
          problem={problem}
          parameters={draft.parameters}
          inputType={types?.input}
          outputType={types?.output}
          onChange={(functionCode) => set({ functionCode })}
        />
      ) : (
        <div className="stack">
          <p className="soft">JavaScript that every worker runs, without an image. Start from:</p>
          <Templates onChoose={choose} />
        </div>
      )}
    </Card>
  );
}
