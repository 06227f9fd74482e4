// What is to be mended, each leading to where it is.

import type { Problem } from "@/topology/problems";
import { Icon, plural } from "@/ui";
import css from "./Problems.module.css";

interface Props {
  problems: Problem[];
  onGo: (problem: Problem) => void;
}

export function Problems({ problems, onGo }: Props) {
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const warnings = problems.length - errors;
  return (
    <section className={css.problems} aria-labelledby="problems-title">
      <h2 id="problems-title" tabIndex={-1}>
        {problems.length === 0 ? "No problems" : "Problems"}
      </h2>
      {problems.length > 0 && (
        <p className="soft">
          {[errors && plural(errors, "error"), warnings && plural(warnings, "warning")]
            .filter(Boolean)
            .join(", ")}
        </p>
      )}
      <ul>
        {problems.map((problem) => (
          <li key={`${problem.node} ${problem.field} ${problem.text}`}>
            <button
              type="button"
              className={css.problem}
              data-severity={problem.severity}
              onClick={() => onGo(problem)}
            >
              <Icon name="warn" size={16} />
              <span>
                <span className="visually-hidden">
                  {problem.severity === "error" ? "Error: " : "Warning: "}
                </span>
                {problem.text}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
