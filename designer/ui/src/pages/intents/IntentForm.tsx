// Creating and changing an intent.
import { type FormEvent, useState } from "react";
import { useChange, useOperators, useTypes } from "@/api/documents";
import { ApiError, post, problemOf } from "@/api/http";
import type { Intent, Topology } from "@/api/types";
import { fromHere, hashOf } from "@/app/router";
import {
  Button,
  ButtonLink,
  Card,
  CheckField,
  Notice,
  SelectField,
  TextField,
  toast,
  useUnsaved,
} from "@/ui";
import { elsewhere } from "@/ui/useKept";
import { AreaField } from "./AreaField";
import css from "./intents.module.css";
import {
  type Draft,
  documentOf,
  type Problems,
  problemsOf,
  qualities,
  scopeProblemsOf,
} from "./model/intent";
import { needsOf, parameterNames } from "./model/needs";
import { Parameters } from "./Parameters";
import { TopologyNeeds } from "./TopologyNeeds";

interface IntentFormProps {
  stored?: Intent;
  /** Whether the stored one was deleted meanwhile. */
  gone?: boolean;
  draft: Draft;
  topologies: Topology[];
}

export function IntentForm({ stored, gone = false, draft: given, topologies }: IntentFormProps) {
  const [first] = useState(given);
  const [draft, setDraft] = useState(first);
  const { problems, refusal, save, saving, unsaved } = useSaving(draft, first, stored);
  const note = elsewhere(gone, JSON.stringify(given) !== JSON.stringify(first));
  const operators = useOperators().data ?? {};
  const types = useTypes();
  const topology = topologies.find(({ name }) => name === draft.topology);
  const needs = topology ? needsOf(topology, types) : [];
  const set = (patch: Partial<Draft>) => setDraft((now) => ({ ...now, ...patch }));
  return (
    <form className={css.form} onSubmit={save} noValidate>
      {unsaved}
      {note && <Notice mood="warn">{note}</Notice>}
      <Card title="What">
        <div className="stack">
          <SelectField
            label="Topology"
            value={draft.topology}
            problem={problems.topology}
            onChange={(event) => set({ topology: event.target.value })}
          >
            {!topology && <option value={draft.topology}>{draft.topology || "Choose one"}</option>}
            {topologies.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </SelectField>
          {topology?.description && <p className="soft">{topology.description}</p>}
          {topology && <TopologyNeeds needs={needs} />}
        </div>
      </Card>
      <Card title="Where">
        {draft.scope ? (
          <AreaField
            scope={draft.scope}
            needs={needs}
            problems={scopeProblemsOf(problems)}
            onChange={(scope) => set({ scope })}
          />
        ) : (
          <Notice>Its area is of a kind that cannot be drawn here; it stays as it is.</Notice>
        )}
      </Card>
      <Card title="How">
        <How draft={draft} problems={problems} onChange={set} />
      </Card>
      <Card title="Parameters">
        <Parameters
          parameters={draft.parameters}
          names={parameterNames(topology, operators)}
          problems={problems}
          onChange={(parameters) => set({ parameters })}
        />
      </Card>
      {refusal && <Notice mood="bad">{refusal}</Notice>}
      <div className="row">
        <Button type="submit" look="primary" disabled={saving}>
          {stored ? "Save" : "Submit the intent"}
        </Button>
        <ButtonLink href={hashOf("intents")}>Cancel</ButtonLink>
      </div>
    </form>
  );
}

interface HowProps {
  draft: Draft;
  problems: Problems;
  onChange: (patch: Partial<Draft>) => void;
}

function How({ draft, problems, onChange }: HowProps) {
  const known = qualities.some(({ value }) => value === draft.qos);
  return (
    <div className={css.pairs}>
      <TextField
        label="Priority level"
        type="number"
        step={1}
        hint="More is more urgent: 0 is low, 50 middle, 100 high."
        value={Number.isNaN(draft.level) ? "" : draft.level}
        problem={problems["priority.level"]}
        onChange={(event) => onChange({ level: event.target.valueAsNumber })}
      />
      <CheckField
        label="Exclusive"
        hint="Less urgent task instances on the same worker pause while those of this intent run."
        checked={draft.exclusive}
        onChange={(event) => onChange({ exclusive: event.target.checked })}
      />
      <SelectField
        label="Quality of service"
        hint="Kept with the intent for whoever reads it; instances are placed near their inputs in any case."
        value={draft.qos}
        problem={problems.qos}
        onChange={(event) => onChange({ qos: event.target.value })}
      >
        {qualities.map(({ value, name }) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
        {!known && <option value={draft.qos}>{draft.qos}</option>}
      </SelectField>
      <SelectField
        label="Service type"
        hint="Kept with the intent; tasks publish their results as they come."
        value={draft.stype}
        problem={problems.stype}
        onChange={(event) => onChange({ stype: event.target.value })}
      >
        <option value="ASYN">Asynchronous (ASYN)</option>
        <option value="SYN">Synchronous (SYN)</option>
      </SelectField>
    </div>
  );
}

const fields = ["topology", "stype", "qos", "priority", "geoscope", "parameters"];
const hasField = (path: string) => fields.some((field) => path.startsWith(field));

/** Sends the draft; what the service refuses is shown at the field it names. */
function useSaving(draft: Draft, first: Draft, stored?: Intent) {
  const [tried, setTried] = useState(false);
  const [refused, setRefused] = useState<{ draft: Draft; path?: string; text: string }>();
  const { dialog: unsaved, leave } = useUnsaved(draft !== first);
  const change = useChange("intent", (intent: Partial<Intent>) => post<{ id: string }>("/intent", intent));
  const own = problemsOf(draft);
  const current = refused?.draft === draft ? refused : undefined;
  const atField = current?.path && hasField(current.path) ? { [current.path]: current.text } : {};
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(own).length > 0) return focusProblem();
    const stayed = fromHere();
    try {
      const { id } = await change.mutateAsync(documentOf(draft, stored));
      toast(stored ? "The intent is changed." : `The intent of ${draft.topology} is submitted.`);
      if (stayed()) leave(stored ? hashOf("intents") : hashOf("running", [id]));
    } catch (error) {
      setRefused({
        draft,
        path: error instanceof ApiError ? error.field : undefined,
        text: problemOf(error),
      });
      focusProblem();
    }
  };
  const refusal = current && Object.keys(atField).length === 0 ? current.text : "";
  return {
    problems: { ...(tried ? own : {}), ...atField } as Problems,
    refusal,
    save,
    saving: change.isPending,
    unsaved,
  };
}

/** The first field that is wrong gets the focus, once it is marked. */
function focusProblem() {
  setTimeout(() => document.querySelector<HTMLElement>("form [aria-invalid='true']")?.focus());
}
