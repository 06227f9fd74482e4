// The map: works without any other host, may show the tiles of a server that the operator configured.
import L from "leaflet";
import "leaflet/dist/leaflet.css";
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from "react";
import { useSettings } from "@/api/documents";
import { problemOf } from "@/api/http";
import type { Point } from "@/api/types";
import { Button, Notice } from "@/ui";
import { CanvasLayer, type Paint } from "./canvasLayer";
import { useColours } from "./colours";
import { LandLayer } from "./landLayer";
import { paintNames } from "./names";
import css from "./WorldMap.module.css";
import { type Country, loadWorld } from "./world";

const MAX_ZOOM = 18;
/** How near the map goes by itself. */
const FIT_ZOOM = 14;
/** The same when all is at one place: with the country around it. */
const PLACE_ZOOM = 6;

const MapContext = createContext<L.Map | null>(null);

/** The map that a component is a child of. */
export function useMap(): L.Map {
  const map = useContext(MapContext);
  if (!map) throw new Error("a layer needs a WorldMap around it");
  return map;
}

interface WorldMapProps {
  /** What the map shows, for screen readers. */
  label: string;
  /** What is to be in view at first, and again when asked. */
  fit?: readonly Point[];
  className?: string;
  /** More buttons, above those for the zoom. */
  tools?: ReactNode;
  /** Given the map when it is there, and null when it goes. */
  onMap?: (map: L.Map | null) => void;
  children?: ReactNode;
}

export function WorldMap({ label, fit = [], className = "", tools, onMap, children }: WorldMapProps) {
  const box = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<L.Map | null>(null);
  const hint = useId();
  useEffect(() => {
    if (!box.current) return;
    const created = createMap(box.current);
    setMap(created);
    const observer = new ResizeObserver(() => resized(created));
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      setMap(null);
      created.remove();
    };
  }, []);
  useFirstFit(map, fit);
  useEffect(() => onMap?.(map), [map, onMap]);
  return (
    <div className={`${css.map} ${className}`}>
      <div
        ref={box}
        className={css.canvas}
        role="application"
        aria-roledescription="map"
        aria-label={label}
        aria-describedby={hint}
      />
      <div id={hint} className="visually-hidden">
        The arrow keys move the map, plus and minus zoom.
      </div>
      {map && (
        <MapContext.Provider value={map}>
          <Base />
          <Tools map={map} fit={fit}>
            {tools}
          </Tools>
          {children}
        </MapContext.Provider>
      )}
    </div>
  );
}

function createMap(box: HTMLElement): L.Map {
  const map = L.map(box, {
    zoomControl: false,
    attributionControl: false,
    preferCanvas: true,
    worldCopyJump: true,
    maxZoom: MAX_ZOOM,
    maxBounds: [
      [-85.06, Number.NEGATIVE_INFINITY],
      [85.06, Number.POSITIVE_INFINITY],
    ],
    maxBoundsViscosity: 1,
    fadeAnimation: false,
  });
  map.setView([25, 8], 2, { animate: false });
  resized(map);
  L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 130 }).addTo(map);
  return map;
}

/** The map is never smaller than what shows it. */
function resized(map: L.Map) {
  map.invalidateSize({ pan: false });
  const { x, y } = map.getSize();
  map.setMinZoom(Math.max(1, Math.floor(Math.log2(Math.max(x * 0.75, y) / 256))));
}

export function fitTo(map: L.Map, points: readonly Point[], animate = true) {
  if (points.length === 0) return;
  const bounds = L.latLngBounds(points.map(({ latitude, longitude }) => [latitude, longitude]));
  const maxZoom = bounds.getNorthWest().equals(bounds.getSouthEast(), 0.001) ? PLACE_ZOOM : FIT_ZOOM;
  map.fitBounds(bounds, { padding: [48, 48], maxZoom, animate });
}

/** So long after the first fit what is still arriving may widen it. */
const ARRIVING_MS = 4_000;

/** Fits as soon as there is something to fit to, and while more arrives, unless the map was moved. */
function useFirstFit(map: L.Map | null, fit: readonly Point[]) {
  const state = useRef({ fitting: false, moved: false, first: 0 });
  useEffect(() => {
    if (!map) return;
    const now = { fitting: false, moved: false, first: 0 };
    state.current = now;
    const moved = () => {
      now.moved ||= !now.fitting;
    };
    map.on("movestart", moved);
    return () => void map.off("movestart", moved);
  }, [map]);
  useEffect(() => {
    const { current } = state;
    const late = current.first > 0 && performance.now() - current.first > ARRIVING_MS;
    if (!map || fit.length === 0 || current.moved || late) return;
    current.first ||= performance.now();
    current.fitting = true;
    fitTo(map, fit, false);
    current.fitting = false;
  }, [map, fit]);
}

/** Draws on a canvas of its own above the map; again whenever `paint` is another function. */
export function useCanvas(paint: Paint, pane?: string): CanvasLayer {
  const map = useMap();
  const [layer] = useState(() => new CanvasLayer(paint, pane));
  useEffect(() => {
    layer.addTo(map);
    return () => void layer.remove();
  }, [layer, map]);
  useEffect(() => layer.setPaint(paint), [layer, paint]);
  return layer;
}

function Base() {
  const tiles = useSettings().data?.tiles;
  const [countries, setCountries] = useState<Country[]>();
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let shown = true;
    loadWorld().then(
      (loaded) => shown && setCountries(loaded),
      (error) => shown && setProblem(problemOf(error)),
    );
    return () => {
      shown = false;
    };
  }, []);
  return (
    <>
      {countries && <Land countries={countries} named={!tiles} />}
      {tiles && <Tiles url={tiles.url} />}
      {tiles?.attribution && <div className={css.attribution}>{tiles.attribution}</div>}
      {problem && (
        <div className={css.problem}>
          <Notice mood="bad">{problem}</Notice>
        </div>
      )}
    </>
  );
}

function Land({ countries, named }: { countries: Country[]; named: boolean }) {
  const map = useMap();
  const colours = useColours();
  const [layer] = useState(() => new LandLayer(countries, colours));
  useEffect(() => {
    layer.addTo(map);
    return () => void layer.remove();
  }, [layer, map]);
  useEffect(() => layer.setColours(colours), [layer, colours]);
  return named ? <Names countries={countries} /> : null;
}

function Names({ countries }: { countries: Country[] }) {
  const colours = useColours();
  const paint = useMemo<Paint>(
    () => (context, view) => paintNames(context, view, countries, colours),
    [countries, colours],
  );
  useCanvas(paint, "tilePane");
  return null;
}

function Tiles({ url }: { url: string }) {
  const map = useMap();
  useEffect(() => {
    const layer = L.tileLayer(url, { maxZoom: MAX_ZOOM, zIndex: 2 }).addTo(map);
    return () => void layer.remove();
  }, [map, url]);
  return null;
}

function Tools({ map, fit, children }: { map: L.Map; fit: readonly Point[]; children?: ReactNode }) {
  return (
    <div className={css.tools}>
      {children}
      <Button icon="plus" aria-label="Zoom in" onClick={() => map.zoomIn()} />
      <Button icon="minus" aria-label="Zoom out" onClick={() => map.zoomOut()} />
      {fit.length > 0 && (
        <Button icon="locate" aria-label="Show everything" onClick={() => fitTo(map, fit)} />
      )}
    </div>
  );
}
