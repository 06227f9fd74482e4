// A field for one number. While its text is no number, its value is NaN.
import { useState } from "react";
import { TextField } from "@/ui";

interface NumberFieldProps {
  label: string;
  value: number;
  onChange: (value: number) => void;
  hint?: string;
  /** What is wrong with it, said once the user has left it. */
  problem?: string;
}

export const numberOf = (text: string) => (text.trim() === "" ? Number.NaN : Number(text.replace(",", ".")));

const textOf = (value: number) => (Number.isNaN(value) ? "" : String(value));

export function NumberField({ value, onChange, problem, ...field }: NumberFieldProps) {
  const [text, setText] = useState(textOf(value));
  const [left, setLeft] = useState(false);
  const known = numberOf(text);
  const shown = Object.is(known, value) || (known === 0 && value === 0) ? text : textOf(value);
  return (
    <TextField
      {...field}
      inputMode="decimal"
      value={shown}
      problem={left || shown !== "" ? problem : undefined}
      onBlur={() => setLeft(true)}
      onChange={(event) => {
        setText(event.target.value);
        onChange(numberOf(event.target.value));
      }}
    />
  );
}
