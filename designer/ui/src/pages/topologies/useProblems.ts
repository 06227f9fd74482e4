// What is wrong with the drawing, by our own rules and by the service's answer.
import { useMemo } from "react";
import { useOperators } from "@/api/documents";
import { grouped } from "@/topology/document";
import { type Problem, problemsOf } from "@/topology/problems";
import { useDrawing, useEditor } from "./store";

export interface Found {
  all: Problem[];
  errors: number;
  byNode: ReadonlyMap<string, Problem[]>;
  /** Of the topology itself. */
  own: Problem[];
}

export function useProblems(): Found {
  const drawing = useDrawing();
  const operators = useOperators().data;
  const refused = useEditor((editor) => editor.refused);
  const untouched = useEditor(
    ({ history: { past, present } }) => past.length === 0 && present.nodes.length === 0 && !present.name,
  );
  return useMemo(() => {
    const known = operators && new Set(Object.keys(operators));
    const found = untouched ? [] : problemsOf(drawing, { operators: known });
    const all = refused ? [refused, ...found] : found;
    return {
      all,
      errors: found.filter((problem) => problem.severity === "error").length,
      byNode: grouped(
        all.filter((problem) => problem.node !== undefined),
        (problem) => problem.node!,
      ),
      own: all.filter((problem) => problem.node === undefined),
    };
  }, [drawing, operators, refused, untouched]);
}
