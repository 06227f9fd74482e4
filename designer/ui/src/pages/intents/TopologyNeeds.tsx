// What the tasks of the chosen topology read and write.
import { Chip, count } from "@/ui";
import css from "./intents.module.css";
import { groupText, missing, type Need, type TaskNeeds } from "./model/needs";

export function TopologyNeeds({ needs }: { needs: TaskNeeds[] }) {
  const lacking = missing(needs);
  return (
    <>
      <ul className={css.tasks} aria-label="Its tasks">
        {needs.map(({ task, operator, needs, makes }) => (
          <li key={task} className={css.task}>
            <div>
              <strong>{task}</strong> <span className="soft">by operator {operator}</span>
            </div>
            <ul>
              {needs.map((need) => (
                <li key={`${need.type} ${need.groupby}`} className="row">
                  <span>
                    reads <span className="mono">{need.type}</span>, {groupText(need.groupby)}
                    {need.attributes.length > 0 && `, only ${need.attributes.join(", ")}`}
                  </span>
                  {need.scoped && <Chip>in the area</Chip>}
                  <Supply need={need} />
                </li>
              ))}
            </ul>
            {makes.length > 0 && (
              <div>
                writes <span className="mono">{makes.join(", ")}</span>
              </div>
            )}
          </li>
        ))}
      </ul>
      {lacking.length > 0 && (
        <p className="soft">
          There is no {lacking.join(" and no ")} yet. The tasks that read it start as soon as there is.
        </p>
      )}
    </>
  );
}

function Supply({ need: { entities } }: { need: Need }) {
  if (entities === undefined) return <Chip>from another task</Chip>;
  return (
    <Chip mood={entities > 0 ? "good" : "warn"}>
      {entities > 0 ? `${count(entities)} there` : "none yet"}
    </Chip>
  );
}
