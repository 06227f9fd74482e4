// The map: where everything is, and what flows between.
import type L from "leaflet";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useSettings } from "@/api/documents";
import { replace, usePlace } from "@/app/router";
import { emptyScope, fitTo, ringOf, ScopeDrawing, scopeOf, WorldMap } from "@/map";
import { Button, Card, Page } from "@/ui";
import { AreaPanel, type Draft } from "./AreaPanel";
import { Details, Several } from "./Details";
import { InView } from "./InView";
import { Legend } from "./Legend";
import css from "./map.module.css";
import { inView, pointOf, type Thing, thingOf, type View } from "./model/things";
import { Search } from "./Search";
import { Things } from "./Things";
import { useMapData } from "./useMapData";

/** How near one goes to a single thing: so that some of a border or coast is in view, or streets where there are tiles. */
const NEAR_ZOOM = 9;
const NEAR_ZOOM_TILES = 13;
const select = (id?: string) => replace("map", id ? [id] : []);

export default function MapPage() {
  const selected = usePlace().rest[0];
  const data = useMapData(selected);
  const { known } = data;
  const [map, setMap] = useState<L.Map | null>(null);
  const [view, setView] = useState<View | null>(null);
  const [several, setSeveral] = useState<string[]>([]);
  const [draft, setDraft] = useState<Draft | null>(null);
  const thing = selected ? thingOf(selected, known) : undefined;
  const fly = useFly(map, known);
  useFirstFly(map, thing, fly);
  const pick = useCallback((ids: string[]) => {
    setSeveral(ids.length > 1 ? ids : []);
    select(ids.length > 1 ? undefined : ids[0]);
  }, []);
  const areas = useMemo(() => shownAreas(data.areas, thing), [data.areas, thing]);
  const visible = useVisible(data, view);
  const fit = useFit(data);
  const draw = (type: "circle" | "polygon") => setDraft({ scope: emptyScope(type), drawing: true });
  return (
    <Page title="Map" fill>
      <div className={css.body}>
        <WorldMap
          label="Map of workers, brokers, entities and task instances; the list beside it holds the same"
          className={css.map}
          fit={fit}
          onMap={setMap}
          tools={
            <>
              <Button icon="circle" aria-label="Draw a circle" onClick={() => draw("circle")} />
              <Button icon="polygon" aria-label="Draw a polygon" onClick={() => draw("polygon")} />
            </>
          }
        >
          <Things
            data={data}
            areas={areas}
            selected={selected}
            busy={draft?.drawing ?? false}
            onPick={pick}
            onView={setView}
          />
          {draft && (
            <ScopeDrawing
              {...draft}
              onChange={(scope) => setDraft((now) => now && { ...now, scope })}
              onDone={() => setDraft((now) => now && { ...now, drawing: false })}
            />
          )}
        </WorldMap>
        <aside className={css.side} aria-label="About the map">
          <Search
            known={known}
            onFound={(found) => {
              select(found.id);
              fly(found);
            }}
          />
          {draft && <AreaPanel draft={draft} data={data} onChange={setDraft} />}
          {several.length > 0 && !thing && (
            <Several
              things={several.flatMap((id) => thingOf(id, known) ?? [])}
              onPick={select}
              onClose={() => setSeveral([])}
            />
          )}
          {thing && (
            <Details thing={thing} known={known} onPick={select} onFly={fly} onClose={() => select()} />
          )}
          <Card title="Shown">
            <Legend data={data} />
          </Card>
          <Card title={`In view (${visible.length})`}>
            <InView things={visible} selected={selected} onPick={(one) => pick([one.id])} />
          </Card>
        </aside>
      </div>
    </Page>
  );
}

/** An intent's area is shown while it is selected, even when the layer is off. */
function shownAreas(areas: { id: string; ring: ReturnType<typeof ringOf> }[], thing: Thing | undefined) {
  if (thing?.kind !== "intent" || areas.some(({ id }) => id === thing.id)) return areas;
  const scope = scopeOf(thing.intent.geoscope);
  return scope ? [...areas, { id: thing.id, ring: ringOf(scope) }] : areas;
}

function useFly(map: L.Map | null, known: ReturnType<typeof useMapData>["known"]) {
  const now = useRef(known);
  now.current = known;
  const near = useSettings().data?.tiles ? NEAR_ZOOM_TILES : NEAR_ZOOM;
  return useCallback(
    (thing: Thing) => {
      if (!map) return;
      const scope = thing.kind === "intent" ? scopeOf(thing.intent.geoscope) : undefined;
      const ring = scope ? ringOf(scope) : [];
      if (ring.length > 0) return fitTo(map, ring);
      const point = pointOf(thing, now.current);
      if (point) map.setView([point.latitude, point.longitude], Math.max(map.getZoom(), near));
    },
    [map, near],
  );
}

/** Goes to what the address names, once, when it is known. */
function useFirstFly(map: L.Map | null, thing: Thing | undefined, fly: (thing: Thing) => void) {
  const flown = useRef(false);
  const opened = useRef(usePlace().rest[0]);
  useEffect(() => {
    if (!map || !thing || flown.current) return;
    flown.current = true;
    if (thing.id === opened.current) fly(thing);
  }, [map, thing, fly]);
}

const LIST_MS = 500;

/** What is in view; counted at most twice a second, however much moves. */
function useVisible(data: ReturnType<typeof useMapData>, view: View | null): Thing[] {
  const [visible, setVisible] = useState<Thing[]>([]);
  const now = useRef({ data, view });
  now.current = { data, view };
  const due = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what has changed is read when the time comes
  useEffect(() => {
    if (due.current) return;
    due.current = window.setTimeout(() => {
      due.current = 0;
      const { data, view } = now.current;
      if (view) setVisible(inView(data.known, view, (thing) => isShown(thing, data)));
    }, LIST_MS);
  }, [data.known, data.shown, view]);
  useEffect(() => () => clearTimeout(due.current), []);
  return visible;
}

function isShown(thing: Thing, { shown }: ReturnType<typeof useMapData>): boolean {
  if (thing.kind === "worker") return shown.workers;
  if (thing.kind === "broker") return shown.brokers;
  if (thing.kind === "instance") return shown.workers && shown.instances;
  return thing.kind !== "entity" || !shown.hiddenTypes.has(thing.element.entityId.type);
}

/** Everything's places; the map fits to them when they are first known. */
function useFit({ sites, located, areas }: ReturnType<typeof useMapData>) {
  return useMemo(
    () => [
      ...sites.map(({ point }) => point),
      ...located.map(({ point }) => point),
      ...areas.flatMap(({ ring }) => ring),
    ],
    [sites, located, areas],
  );
}
