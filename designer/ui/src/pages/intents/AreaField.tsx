// Where an intent applies, with the entities that its topology reads.
import { useMemo } from "react";
import { useLive, useWatch } from "@/api/live";
import type { GeoScope, Point } from "@/api/types";
import type { ScopeProblems } from "@/map";
import { GeoScopeEditor, knownPlaceOf, type Paint, useCanvas, useColours, within } from "@/map";
import { Notice, plural } from "@/ui";
import { inputsOf, type Need, type TaskNeeds } from "./model/needs";

interface AreaFieldProps {
  scope: GeoScope;
  needs: TaskNeeds[];
  problems: ScopeProblems;
  onChange: (scope: GeoScope) => void;
}

export function AreaField({ scope, needs, problems, onChange }: AreaFieldProps) {
  const scoped = inputsOf(needs).filter((need) => need.scoped);
  const places = usePlaces(scoped);
  const nodes = useNodes();
  const around = useMemo(() => (places.length > 0 ? places : nodes), [places, nodes]);
  return (
    <div className="stack">
      <GeoScopeEditor value={scope} onChange={onChange} problems={problems} around={around}>
        <Dots places={places} />
      </GeoScopeEditor>
      {scope.scopeType !== "global" && <Reach scope={scope} scoped={scoped} places={places} needs={needs} />}
    </div>
  );
}

/** Where the entities are that the area chooses from. */
function usePlaces(needs: Need[]): Point[] {
  const types = needs.map(({ type }) => type);
  useWatch(types);
  const entities = useLive((live) => live.entities);
  const key = types.join("\n");
  return useMemo(() => {
    const wanted = new Set(key.split("\n"));
    return [...entities.values()].flatMap((element) => {
      const place = wanted.has(element.entityId.type) ? knownPlaceOf(element) : undefined;
      return place ? [place.point] : [];
    });
  }, [entities, key]);
}

function useNodes(): Point[] {
  const workers = useLive((live) => live.workers);
  return useMemo(() => [...workers.values()].flatMap(({ location }) => location ?? []), [workers]);
}

function Dots({ places }: { places: Point[] }) {
  const colours = useColours();
  const paint = useMemo<Paint>(
    () => (context, view) => {
      context.fillStyle = colours["chart-2"];
      for (const { latitude, longitude } of places) {
        context.beginPath();
        context.arc(view.x(longitude), view.y(latitude), 3.5, 0, Math.PI * 2);
        context.fill();
      }
    },
    [places, colours],
  );
  useCanvas(paint);
  return null;
}

interface ReachProps {
  scope: GeoScope;
  scoped: Need[];
  places: Point[];
  needs: TaskNeeds[];
}

function Reach({ scope, scoped, places, needs }: ReachProps) {
  if (needs.length === 0) return null;
  if (scoped.length === 0) {
    return (
      <Notice mood="warn">No input of this topology is limited to the area: it makes no difference.</Notice>
    );
  }
  const inside = places.filter((place) => within(scope, place)).length;
  const names = [...new Set(scoped.map(({ type }) => type))].join(", ");
  return (
    <p className="soft">
      {inside} of {plural(places.length, "placed entity", "placed entities")} of {names} are in the area.
    </p>
  );
}
