// Where a fog function runs, and how urgent it is.
import type { Intent } from "@/api/types";
import { EVERYWHERE, GeoScopeEditor, scopeOf } from "@/map";
import type { Problems } from "@/operators/operator";
import { Card, CheckField, Notice, TextField } from "@/ui";
import css from "./functions.module.css";

interface Props {
  intent: Intent;
  /** Whether an input is to be limited to the area. */
  scoped: boolean;
  problems: Problems;
  onChange: (patch: Partial<Intent>) => void;
}

const SCOPE = "intent.geoscope.";

export function IntentFields({ intent, scoped, problems, onChange }: Props) {
  const scope = scopeOf(intent.geoscope);
  const wrong = Object.fromEntries(
    [...problems].flatMap(([path, problem]) =>
      path.startsWith(SCOPE) ? [[path.slice(SCOPE.length), problem]] : [],
    ),
  );
  return (
    <>
      <Card title="Area">
        <div className="stack">
          {scope ? (
            <GeoScopeEditor value={scope} problems={wrong} onChange={(geoscope) => onChange({ geoscope })} />
          ) : (
            <Notice>Its area is of a kind that cannot be drawn here; it stays as it is.</Notice>
          )}
          {scope && scope.scopeType !== EVERYWHERE.scopeType && !scoped && (
            <Notice mood="warn">No input is limited to the area: it makes no difference.</Notice>
          )}
        </div>
      </Card>
      <Card title="Priority">
        <Priority
          priority={intent.priority ?? { exclusive: false, level: 0 }}
          problem={problems.get("intent.priority.level")}
          onChange={(priority) => onChange({ priority })}
        />
      </Card>
    </>
  );
}

interface PriorityProps {
  priority: NonNullable<Intent["priority"]>;
  problem?: string;
  onChange: (priority: NonNullable<Intent["priority"]>) => void;
}

function Priority({ priority, problem, onChange }: PriorityProps) {
  return (
    <div className={css.pair}>
      <TextField
        label="Level"
        type="number"
        step={1}
        hint="More is more urgent."
        problem={problem}
        value={Number.isNaN(priority.level) ? "" : priority.level}
        onChange={(event) => onChange({ ...priority, level: event.target.valueAsNumber })}
      />
      <CheckField
        label="Exclusive"
        hint="Less urgent instances on the same worker pause while it runs."
        checked={priority.exclusive}
        onChange={(event) => onChange({ ...priority, exclusive: event.target.checked })}
      />
    </div>
  );
}
