// Why instances do not run, each reason once.
import { Chip, moodOf } from "@/ui";
import { instancesWord, type Problem, shortName } from "./deployments";
import css from "./running.module.css";
import { useSelection } from "./selection";

/** Buttons shown for one reason; the others are in the table. */
const NAMED = 3;

export function Problems({ problems, most }: { problems: Problem[]; most: number }) {
  if (problems.length === 0) return null;
  const more = problems.slice(most).reduce((sum, problem) => sum + problem.instances.length, 0);
  return (
    <ul className={css.problems} aria-label="Why instances do not run">
      {problems.slice(0, most).map((problem) => (
        <li key={`${problem.said} ${problem.reason}`}>
          <Chip mood={moodOf(problem.status)}>{problem.said}</Chip>
          <div className={css.problem}>
            <div>{problem.reason}</div>
            <Named problem={problem} />
          </div>
        </li>
      ))}
      {more > 0 && <li className={css.note}>and {instancesWord(more)} for other reasons</li>}
    </ul>
  );
}

function Named({ problem: { instances } }: { problem: Problem }) {
  const { select } = useSelection();
  const more = instances.length - NAMED;
  return (
    <div className={css.named}>
      {instances.slice(0, NAMED).map((instance) => (
        <button key={instance.ID} type="button" className={css.link} onClick={() => select(instance.ID)}>
          {instance.TaskName} {shortName(instance)}
        </button>
      ))}
      {more > 0 && <span>and {more} more</span>}
    </div>
  );
}
