// Things as dots on the map.
import L from "leaflet";
import { useEffect, useMemo, useRef } from "react";
import type { Point } from "@/api/types";
import { useColours } from "./colours";
import { placed } from "./geometry";
import { useMap, WorldMap } from "./WorldMap";

export interface Dot {
  id: string;
  place: Point;
  /** Drawn as active. */
  busy?: boolean;
}

interface Props {
  label: string;
  points: readonly Dot[];
  className?: string;
  onSelect?: (id: string) => void;
  /** Told of clicks beside the dots. */
  onPlace?: (place: Point) => void;
}

export default function PlaceMap({ label, points, className, onSelect, onPlace }: Props) {
  const fit = useMemo(() => surroundings(points), [points]);
  return (
    <WorldMap label={label} fit={fit} className={className}>
      <Dots points={points} onSelect={onSelect} />
      {onPlace && <Clicks onPlace={onPlace} />}
    </WorldMap>
  );
}

/** The offline map has coasts and borders, no streets: it needs some land around what it shows. */
const MARGIN = 0.35;

const surroundings = (points: readonly Dot[]): Point[] =>
  points.flatMap(({ place: { latitude, longitude } }) => [
    { latitude: Math.max(-85, latitude - MARGIN), longitude: longitude - MARGIN },
    { latitude: Math.min(85, latitude + MARGIN), longitude: longitude + MARGIN },
  ]);

/** Dots stay while their things move, so that one can be pressed and pointed at. */
function Dots({ points, onSelect }: Pick<Props, "points" | "onSelect">) {
  const map = useMap();
  const colours = useColours();
  const selected = useRef(onSelect);
  selected.current = onSelect;
  const group = useMemo(() => L.layerGroup(), []);
  const dots = useMemo(() => new Map<string, L.CircleMarker>(), []);
  useEffect(() => {
    group.addTo(map);
    return () => void group.remove();
  }, [map, group]);
  useEffect(() => {
    const left = new Set(dots.keys());
    for (const { id, place, busy } of points) {
      left.delete(id);
      const dot = dots.get(id) ?? dotOf(id, () => selected.current?.(id)).addTo(group);
      dots.set(id, dot);
      dot.setLatLng([place.latitude, place.longitude]);
      dot.setStyle({ color: colours.surface, fillColor: busy ? colours.good : colours.accent });
    }
    for (const id of left) {
      dots.get(id)?.remove();
      dots.delete(id);
    }
  }, [group, dots, points, colours]);
  return null;
}

function dotOf(id: string, onClick: () => void): L.CircleMarker {
  const dot = L.circleMarker([0, 0], { radius: 7, weight: 2, fillOpacity: 1, bubblingMouseEvents: false });
  return dot.on("click", onClick).bindTooltip(asText(id), { direction: "top" });
}

/** Leaflet takes texts of tooltips as HTML, but an element as it is. */
function asText(text: string): HTMLElement {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}

function Clicks({ onPlace }: { onPlace: (place: Point) => void }) {
  const map = useMap();
  const placing = useRef(onPlace);
  placing.current = onPlace;
  useEffect(() => {
    const click = ({ latlng }: L.LeafletMouseEvent) => placing.current(placed(latlng.lat, latlng.lng));
    map.on("click", click);
    return () => void map.off("click", click);
  }, [map]);
  return null;
}
