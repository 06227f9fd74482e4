// Creates or changes a fog function, with its code when it is new.
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { useChange } from "@/api/documents";
import type { FogFunction } from "@/api/types";
import { fromHere, hashOf } from "@/app/router";
import { useFaults } from "@/operators/refusal";
import { templates } from "@/operators/templates";
import { Button, ButtonLink, Card, CheckField, Notice, Page, TextField, toast, useUnsaved } from "@/ui";
import { useFirstFault } from "@/ui/useFirstFault";
import { elsewhere } from "@/ui/useKept";
import {
  documentOf,
  draftOf,
  type Known,
  newFunction,
  operatorOf,
  problemsOf,
  taskOf,
  withIntent,
  withTask,
} from "./fogFunction";
import css from "./functions.module.css";
import { InputsField } from "./InputsField";
import { IntentFields } from "./IntentFields";
import { OperatorChoice } from "./OperatorChoice";
import { OutputsField } from "./OutputsField";
import { storeFunction } from "./store";

interface Props {
  /** The one to change; a new one otherwise. */
  stored?: FogFunction;
  /** Whether the one to change was deleted meanwhile. */
  gone: boolean;
  known: Known;
}

interface State {
  draft: FogFunction;
  /** Of the operator that is made along with it. */
  code: string | undefined;
}

const stateOf = (stored?: FogFunction): State => ({
  draft: stored ? draftOf(stored) : newFunction(),
  code: stored ? undefined : templates[0]!.code,
});

export function FunctionForm({ stored: given, gone, known }: Props) {
  const [stored] = useState(given);
  const [initial] = useState(() => stateOf(stored));
  const [state, setState] = useState(initial);
  const note = elsewhere(gone, JSON.stringify(given) !== JSON.stringify(stored));
  const form = useRef<HTMLFormElement>(null);
  const faults = useFaults(state, problemsOf(state.draft, known, state.code));
  const unsaved = useUnsaved(JSON.stringify(state) !== JSON.stringify(initial));
  const client = useQueryClient();
  const store = useChange("fogfunction", ({ draft, code }: State) => {
    const operator = code === undefined ? undefined : operatorOf(draft, code);
    const complete = operator ? withTask(draft, { operator: draft.name }) : draft;
    return storeFunction(documentOf(complete, stored), operator);
  });
  useFirstFault(form, faults.attempts);

  const save = (event: FormEvent) => {
    event.preventDefault();
    const stayed = fromHere();
    void faults.submit(async () => {
      await store.mutateAsync(state);
      if (state.code !== undefined) await client.invalidateQueries({ queryKey: ["operator"] });
      toast(`Fog function ${state.draft.name} is saved.`);
      if (stayed()) unsaved.leave(hashOf("functions", [state.draft.name]));
    });
  };
  const actions = (
    <>
      <ButtonLink href={hashOf("functions", stored && [stored.name])}>Cancel</ButtonLink>
      <Button look="primary" type="submit" form="function" disabled={faults.busy}>
        {faults.busy ? "Saving…" : "Save"}
      </Button>
    </>
  );
  return (
    <Page title={stored ? `Change ${stored.name}` : "New fog function"} actions={actions}>
      <form id="function" ref={form} className="stack" onSubmit={save} noValidate>
        {faults.text && <Notice mood="bad">{faults.text}</Notice>}
        {note && <Notice mood="warn">{note}</Notice>}
        <Parts
          state={state}
          exists={Boolean(stored)}
          known={known}
          problems={faults.problems}
          onChange={(patch) => setState((before) => ({ ...before, ...patch }))}
        />
        <div className="row">{actions}</div>
      </form>
      {unsaved.dialog}
    </Page>
  );
}

interface PartsProps {
  state: State;
  exists: boolean;
  known: Known;
  problems: ReadonlyMap<string, string>;
  onChange: (patch: Partial<State>) => void;
}

function Parts({ state: { draft, code }, exists, known, problems, onChange }: PartsProps) {
  const task = taskOf(draft);
  const setTask = (patch: Parameters<typeof withTask>[1]) => onChange({ draft: withTask(draft, patch) });
  return (
    <>
      <About
        draft={draft}
        exists={exists}
        problems={problems}
        onChange={(changed) => onChange({ draft: changed })}
      />
      <Card title="Input">
        <InputsField
          inputs={task.input_streams}
          problems={problems}
          onChange={(input_streams) => setTask({ input_streams })}
        />
      </Card>
      <Card title="What it runs">
        <OperatorChoice
          operator={task.operator}
          operators={[...known.operators].toSorted()}
          code={code}
          mayWrite={!exists}
          inputType={task.input_streams[0]?.selected_type ?? ""}
          outputType={task.output_streams[0]?.entity_type ?? ""}
          problems={problems}
          onOperator={(operator) => setTask({ operator })}
          onCode={(changed) => onChange({ code: changed })}
        />
      </Card>
      <Card title="Output">
        <OutputsField
          outputs={task.output_streams}
          problems={problems}
          onChange={(output_streams) => setTask({ output_streams })}
        />
      </Card>
      <IntentFields
        intent={draft.intent}
        scoped={task.input_streams.some((input) => input.scoped)}
        problems={problems}
        onChange={(patch) => onChange({ draft: withIntent(draft, patch) })}
      />
    </>
  );
}

interface AboutProps {
  draft: FogFunction;
  exists: boolean;
  problems: ReadonlyMap<string, string>;
  onChange: (draft: FogFunction) => void;
}

function About({ draft, exists, problems, onChange }: AboutProps) {
  const others = draft.topology.tasks.length - 1;
  const describe = (description: string) =>
    onChange({ ...draft, topology: { ...draft.topology, description } });
  return (
    <Card>
      <div className="stack">
        <div className={css.pair}>
          <TextField
            label="Name"
            value={draft.name}
            disabled={exists}
            problem={problems.get("name")}
            onChange={(event) => onChange({ ...draft, name: event.target.value })}
          />
          <TextField
            label="Description"
            value={draft.topology.description ?? ""}
            onChange={(event) => describe(event.target.value)}
          />
        </div>
        <CheckField
          label="Enabled"
          hint="It runs as soon as its input appears."
          checked={draft.status !== "disabled"}
          onChange={(event) => onChange({ ...draft, status: event.target.checked ? "enabled" : "disabled" })}
        />
        {others > 0 && <Notice>It has more tasks than the one shown here; they stay as they are.</Notice>}
      </div>
    </Card>
  );
}
