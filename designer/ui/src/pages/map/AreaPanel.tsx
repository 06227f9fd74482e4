// An area drawn on the map, and what to do with it.
import type { GeoScope } from "@/api/types";
import { hashOf } from "@/app/router";
import { DrawingTools, emptyScope, ScopeFields, scopeProblems, scopeText, within } from "@/map";
import { Button, ButtonLink, Card, plural } from "@/ui";
import css from "./map.module.css";
import type { MapData } from "./useMapData";

export interface Draft {
  scope: GeoScope;
  drawing: boolean;
}

interface AreaPanelProps {
  draft: Draft;
  data: MapData;
  onChange: (draft: Draft | null) => void;
}

export function AreaPanel({ draft, data, onChange }: AreaPanelProps) {
  const { scope } = draft;
  const complete = Object.keys(scopeProblems(scope)).length === 0;
  const close = (
    <Button look="plain" icon="close" aria-label="Remove the area" onClick={() => onChange(null)} />
  );
  return (
    <Card title={scope.scopeType === "circle" ? "A circle" : "A polygon"} actions={close}>
      <div className={css.details}>
        <DrawingTools
          value={scope}
          drawing={draft.drawing}
          onChange={(next) => onChange({ ...draft, scope: next })}
          onDraw={() => onChange({ scope: emptyScope(scope.scopeType), drawing: true })}
          onDone={() => onChange({ ...draft, drawing: false })}
        />
        {complete && <p>{contents(scope, data)}</p>}
        <ScopeFields value={scope} onChange={(next) => onChange({ ...draft, scope: next })} />
        {complete && (
          <ButtonLink look="primary" href={hashOf("intents", [], { scope: JSON.stringify(scope) })}>
            Make an intent for this area
          </ButtonLink>
        )}
      </div>
    </Card>
  );
}

function contents(scope: GeoScope, { located, sites }: MapData): string {
  const entities = located.filter(({ point }) => within(scope, point)).length;
  const workers = sites
    .filter(({ point }) => within(scope, point))
    .reduce((sum, site) => sum + site.workers.length, 0);
  const inside = `${plural(entities, "entity", "entities")} and ${plural(workers, "worker")}`;
  return `${inside} ${scopeText(scope)}.`;
}
