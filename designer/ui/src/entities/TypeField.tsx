import { useId } from "react";
import { TextField } from "@/ui";
import { valueTypes } from "./values";

/** A type of a value: one of the usual ones, or any other word. */
export function TypeField({
  value,
  onChange,
  label = "Type",
}: {
  value: string;
  onChange: (type: string) => void;
  label?: string;
}) {
  const list = useId();
  return (
    <>
      <TextField label={label} list={list} value={value} onChange={(event) => onChange(event.target.value)} />
      <datalist id={list}>
        {valueTypes.map((type) => (
          <option key={type} value={type} />
        ))}
      </datalist>
    </>
  );
}
