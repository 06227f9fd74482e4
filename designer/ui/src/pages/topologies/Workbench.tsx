// One topology in the editor: opened, edited, saved, left.
import { ReactFlowProvider } from "@xyflow/react";
import { useRef, useState } from "react";
import { useServices } from "@/api/documents";
import { hashOf } from "@/app/router";
import { type Drawing, emptyDrawing } from "@/topology/document";
import { type Opened, openService } from "@/topology/service";
import { ButtonLink, Empty, Loaded, Page } from "@/ui";
import { Bench } from "./Bench";
import { createEditor, EditorContext } from "./store";

/** An import that waits for the editor to open. */
let waiting: Opened | undefined;

export const openNext = (opened: Opened) => {
  waiting = opened;
};

interface Props {
  /** Nothing for a new topology. */
  name: string | null;
  onRenamed: (name: string) => void;
}

export function Workbench({ name, onRenamed }: Props) {
  const services = useServices();
  /** An editor that is open stays, also when somebody else deletes what it edits. */
  const opened = useRef(name === null);
  if (name !== null && services.data && name in services.data) opened.current = true;
  return (
    <Loaded of={name === null ? { data: {}, error: null } : services}>
      {(known) =>
        name !== null && !opened.current ? (
          <Missing name={name} />
        ) : (
          <Opening {...{ name, known, onRenamed }} />
        )
      }
    </Loaded>
  );
}

function Opening({ name, known, onRenamed }: Props & { known: Record<string, unknown> }) {
  const [{ store, note }] = useState(() => begin(name, known));
  return (
    <EditorContext value={store}>
      <ReactFlowProvider>
        <Bench name={name} note={note} onRenamed={onRenamed} />
      </ReactFlowProvider>
    </EditorContext>
  );
}

function begin(name: string | null, known: Record<string, unknown>) {
  const imported = waiting;
  waiting = undefined;
  if (name !== null) {
    const { drawing, note } = openService(known[name]);
    return { store: createEditor(drawing, drawing), note };
  }
  const drawing: Drawing = imported?.drawing ?? emptyDrawing();
  return { store: createEditor(drawing, imported ? null : drawing), note: imported?.note };
}

function Missing({ name }: { name: string }) {
  return (
    <Page title={name}>
      <Empty
        title="There is no such topology."
        action={
          <ButtonLink href={hashOf("topologies")} icon="topologies">
            All topologies
          </ButtonLink>
        }
      >
        It may have been deleted, or the address is mistyped.
      </Empty>
    </Page>
  );
}
