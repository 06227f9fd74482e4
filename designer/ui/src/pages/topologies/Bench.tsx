// The editor around the board: palette, settings, problems, and what is done with the topology as a whole.
import { useEffect, useState } from "react";
import { useServices } from "@/api/documents";
import { fromHere, hashOf } from "@/app/router";
import type { Spot } from "@/topology/edit";
import type { Problem } from "@/topology/problems";
import { Button, ButtonLink, Chip, Page, plural, toast, useUnsaved } from "@/ui";
import css from "./Bench.module.css";
import { BenchDialogs, type Open } from "./BenchDialogs";
import { Canvas } from "./Canvas";
import { Inspector } from "./Inspector";
import { Notices } from "./Notices";
import { type Added, Palette } from "./Palette";
import { Problems } from "./Problems";
import { isDirty, nothing, useActions, useDrawing, useEditor, useEditorStore } from "./store";
import { Toolbar } from "./Toolbar";
import { useBoard } from "./useBoard";
import { useDrafts } from "./useDrafts";
import { useProblems } from "./useProblems";
import { useSave } from "./useSave";
import { useShortcuts } from "./useShortcuts";

interface Props {
  name: string | null;
  note: string | undefined;
  onRenamed: (name: string) => void;
}

export function Bench({ name, note, onRenamed }: Props) {
  const store = useEditorStore();
  const actions = useActions();
  const drawing = useDrawing();
  const dirty = useEditor(isDirty);
  const selection = useEditor((editor) => editor.selection);
  const said = useEditor((editor) => editor.said);
  const services = useServices().data;
  const problems = useProblems();
  const { busy, save: send } = useSave(store);
  const drafts = useDrafts(store, name ?? "");
  const unsaved = useUnsaved(dirty, drafts.forget);
  const at = useBoard();
  const [open, setOpen] = useState<Open>(null);
  const [details, setDetails] = useState(false);
  const settings = useEditor((editor) => editor.settings);
  const { focusField } = at;
  useEffect(() => {
    if (settings) focusField();
  }, [settings, focusField]);
  const [alone] = selection.nodes.size === 1 ? selection.nodes : [undefined];

  const add = ({ kind, name: what }: Added, spot: Spot) => {
    if (kind === "task") actions.addTask(what, spot);
    else actions.addStream(what, spot);
    setOpen(null);
  };

  const show = ({ node, field }: Problem) => {
    actions.select(node === undefined ? nothing : { nodes: new Set([node]), edges: new Set() });
    setDetails(true);
    if (node !== undefined) at.center(node);
    focusField(field);
  };

  const sendNow = async () => {
    const { name: target } = store.getState().history.present;
    const stayed = fromHere();
    const refused = await send();
    if (refused) return show(refused);
    drafts.forget();
    if (target !== name && stayed()) onRenamed(target);
  };

  const save = () => {
    const first = problems.all.find((problem) => problem.severity === "error");
    if (problems.errors > 0 && first) {
      toast("Solve the problems first, then save.", "warn");
      show(first);
    } else if (drawing.nodes.length === 0) toast("There is nothing to save yet: add a task.", "warn");
    else if (drawing.name !== name && services && drawing.name in services) setOpen("overwrite");
    else void sendNow();
  };

  const back = () => {
    actions.select(nothing);
    setDetails(false);
  };

  useShortcuts({
    ...actions,
    save,
    remove: () => {
      actions.remove();
      at.focusBoard();
    },
    connect: () => alone && setOpen({ connect: { from: alone } }),
    fit: at.fit,
    settings: focusField,
    back: () => at.focusNode(alone),
  });

  return (
    <Page
      fill
      title={drawing.name || "New topology"}
      about={<a href={hashOf("topologies")}>All topologies</a>}
      actions={
        <>
          {dirty && <Chip mood="warn">Not saved</Chip>}
          {name !== null && <SavedActions name={name} onDelete={() => setOpen("delete")} />}
          <Button look="primary" disabled={busy || !dirty} onClick={save}>
            Save
          </Button>
        </>
      }
    >
      <div className={css.outer}>
        <Notices name={name} note={note} drafts={drafts} saving={busy} />
        <div className={css.bench}>
          <aside className={css.palette} aria-label="Palette">
            <Palette onAdd={(added) => add(added, at.freeSpot())} />
          </aside>
          <div className={css.middle}>
            <Toolbar onOpen={setOpen} />
            <div className={css.board} ref={at.board} tabIndex={-1} data-board="">
              <Canvas problems={problems.byNode} onDropped={add} />
              {drawing.nodes.length === 0 && (
                <p className={css.hint}>
                  Put an operator here: press one in the list, or drag it. Then give it an entity stream to
                  read.
                </p>
              )}
            </div>
            <Button className={css.narrow} aria-expanded={details} onClick={() => setDetails(true)}>
              Settings, {plural(problems.all.length, "problem")}
            </Button>
          </div>
          <aside
            className={css.panel}
            ref={at.panel}
            data-open={details || selection.nodes.size + selection.edges.size > 0}
            aria-label="Settings"
          >
            <Inspector
              problems={problems.byNode}
              own={problems.own}
              onConnect={(from, output) => setOpen({ connect: { from, output } })}
              onClose={back}
            />
            <Problems problems={problems.all} onGo={show} />
            <Button className={css.narrow} onClick={back}>
              Back to the drawing
            </Button>
          </aside>
        </div>
        <div className="visually-hidden" role="status">
          {said}
        </div>
      </div>
      <BenchDialogs
        open={open}
        name={name}
        onClose={() => setOpen(null)}
        onAdd={(added) => add(added, at.freeSpot())}
        onOverwrite={sendNow}
        onDeleted={(stayed) => {
          drafts.forget();
          if (stayed) unsaved.leave(hashOf("topologies"));
        }}
      />
      {unsaved.dialog}
    </Page>
  );
}

function SavedActions({ name, onDelete }: { name: string; onDelete: () => void }) {
  return (
    <>
      <ButtonLink icon="intents" href={hashOf("intents", [], { topology: name })}>
        State an intent
      </ButtonLink>
      <ButtonLink icon="running" href={hashOf("running")}>
        See it run
      </ButtonLink>
      <Button icon="trash" look="danger" aria-label="Delete the topology" onClick={onDelete} />
    </>
  );
}
