// Finds a thing by name and goes there.
import { useState } from "react";
import { Button, TextField } from "@/ui";
import css from "./map.module.css";
import { aboutOf, type Known, search, shortId, type Thing } from "./model/things";

export function Search({ known, onFound }: { known: Known; onFound: (thing: Thing) => void }) {
  const [text, setText] = useState("");
  const found = search(text, known);
  const choose = (thing: Thing) => {
    setText("");
    onFound(thing);
  };
  return (
    <form
      role="search"
      className={css.search}
      onSubmit={(event) => {
        event.preventDefault();
        if (found[0]) choose(found[0]);
      }}
    >
      <TextField
        label="Find on the map"
        type="search"
        placeholder="Worker, entity, task …"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {text.trim() && (
        <ul className={css.found} aria-label="Found">
          {found.map((thing) => (
            <li key={`${thing.kind} ${thing.id}`}>
              <Button look="plain" className={css.item} onClick={() => choose(thing)}>
                <span className={css.name}>{shortId(thing.id)}</span>
                <span className={css.about}>{aboutOf(thing)}</span>
              </Button>
            </li>
          ))}
          {found.length === 0 && <li className="soft">Nothing of that name is known.</li>}
        </ul>
      )}
    </form>
  );
}
