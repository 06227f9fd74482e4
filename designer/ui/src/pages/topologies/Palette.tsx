// What can be put on the board: operators as tasks, entity types as streams. Drag it there, or press it.
import { type DragEvent, useMemo, useState } from "react";
import { useOperators, useTypes } from "@/api/documents";
import { hashOf } from "@/app/router";
import { Button, Loaded, TextField } from "@/ui";
import css from "./Palette.module.css";

export const PALETTE_TYPE = "application/x-fogflow-node";
/** More than these are found by typing. */
const SHOWN = 60;

export interface Added {
  kind: "task" | "stream";
  /** The operator, or the entity type. */
  name: string;
}

export function Palette({ onAdd }: { onAdd: (added: Added) => void }) {
  const [search, setSearch] = useState("");
  const operators = useOperators();
  const types = useTypes();
  const found = (names: string[]) =>
    names.filter((name) => name.toLowerCase().includes(search.trim().toLowerCase())).sort();
  const typeNames = useMemo(() => Object.keys(types), [types]);
  return (
    <div className={css.palette}>
      <TextField
        label="Find"
        type="search"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
        placeholder="Name"
      />
      <section aria-labelledby="palette-tasks">
        <h2 id="palette-tasks">Operators</h2>
        <Loaded of={operators}>
          {(known) => (
            <>
              <Items kind="task" names={found(Object.keys(known))} onAdd={onAdd} />
              {Object.keys(known).length === 0 && (
                <p className={css.none}>
                  There are no operators yet. <a href={hashOf("operators")}>Write one</a>
                </p>
              )}
            </>
          )}
        </Loaded>
      </section>
      <section aria-labelledby="palette-streams">
        <h2 id="palette-streams">Entity streams</h2>
        <Item kind="stream" name="" onAdd={onAdd} />
        <Items kind="stream" names={found(typeNames)} onAdd={onAdd} />
      </section>
    </div>
  );
}

function Items({ names, ...rest }: { kind: Added["kind"]; names: string[]; onAdd: (added: Added) => void }) {
  return (
    <>
      {names.slice(0, SHOWN).map((name) => (
        <Item key={name} name={name} {...rest} />
      ))}
      {names.length > SHOWN && <p className={css.none}>{names.length - SHOWN} more; type to find them.</p>}
    </>
  );
}

function Item({ kind, name, onAdd }: Added & { onAdd: (added: Added) => void }) {
  const drag = (event: DragEvent) => {
    event.dataTransfer.setData(PALETTE_TYPE, JSON.stringify({ kind, name }));
    event.dataTransfer.effectAllowed = "copy";
  };
  const what =
    kind === "task" ? `Add a task with operator ${name}` : name ? `Add a stream ${name}` : "Add a new stream";
  return (
    <Button
      icon={kind === "task" ? "operators" : "context"}
      className={css.item}
      draggable
      onDragStart={drag}
      onClick={() => onAdd({ kind, name })}
      aria-label={what}
      title={what}
    >
      <span className={css.name}>{name || "New stream"}</span>
    </Button>
  );
}
