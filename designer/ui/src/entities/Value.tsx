import { useState } from "react";
import { shortValue } from "@/ui";
import css from "./entities.module.css";
import { textOf } from "./values";

const FULL = 1_000;

/** A value on one line, marked for a moment when it has changed. */
export function Value({ value }: { value: unknown }) {
  const text = value === undefined ? "" : shortValue(value, 120);
  const [seen, setSeen] = useState({ text, changes: 0 });
  if (seen.text !== text) setSeen({ text, changes: seen.changes + 1 });
  return (
    <span
      key={seen.changes}
      className={`${css.value} ${seen.changes > 0 ? css.changed : ""}`}
      title={textOf(value).slice(0, FULL)}
    >
      {text}
    </span>
  );
}
