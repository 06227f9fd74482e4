import { useId } from "react";
import type { Mark } from "@/code/CodeEditor";

interface Props {
  label: string;
  value: string;
  onChange?: (text: string) => void;
  marks?: readonly Mark[];
  problem?: string;
}

/** Stands for the code editor where a test types into it; marks are listed below. */
export function CodeEditor({ label, value, onChange, marks = [], problem }: Props) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        value={value}
        readOnly={!onChange}
        onChange={(event) => onChange?.(event.target.value)}
      />
      {marks.map(({ line, message }) => (
        <p key={line}>{`mark ${line}: ${message}`}</p>
      ))}
      {problem && <p role="alert">{problem}</p>}
    </div>
  );
}
