// A list of names: each can be taken away, and further ones typed or chosen.
import { type KeyboardEvent, useId, useState } from "react";
import { Button, TextField } from "@/ui";
import css from "./Inspector.module.css";

interface Props {
  label: string;
  hint: string;
  names: string[];
  suggestions: string[];
  onChange: (names: string[]) => void;
}

export function NamesField({ label, hint, names, suggestions, onChange }: Props) {
  const [typed, setTyped] = useState("");
  const list = useId();
  const add = () => {
    const more = typed
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name && !names.includes(name));
    if (more.length) onChange([...names, ...new Set(more)]);
    setTyped("");
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== ",") return;
    event.preventDefault();
    add();
  };
  return (
    <div className={css.names}>
      <TextField
        label={label}
        hint={hint}
        value={typed}
        list={list}
        placeholder="Type a name, then Enter"
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={key}
        onBlur={add}
      />
      <datalist id={list}>
        {suggestions
          .filter((name) => !names.includes(name))
          .map((name) => (
            <option key={name} value={name} />
          ))}
      </datalist>
      {names.length > 0 && (
        <ul className={css.chips} aria-label={label}>
          {names.map((name) => (
            <li key={name} className={css.chip}>
              <span>{name}</span>
              <Button
                look="plain"
                icon="close"
                className={css.small}
                aria-label={`Take ${name} away`}
                onClick={() => onChange(names.filter((other) => other !== name))}
              />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
