// What an area is moved and stretched by. Handles live as long as their number stays, so that dragging one is not cut short.
import type L from "leaflet";
import { useEffect, useRef } from "react";
import type { GeoScope, Point } from "@/api/types";
import css from "./editors.module.css";
import { centreOf, destination, distanceM, isPlace, placed } from "./geometry";
import { handle } from "./PlacePicker";
import { circleOf, polygonOf } from "./scope";
import { useMap } from "./WorldMap";

/** Polygons with more corners are changed by their fields or drawn anew. */
const MAX_HANDLES = 200;

interface ScopeHandlesProps {
  scope: GeoScope;
  onChange: (scope: GeoScope) => void;
}

interface Grip {
  at: Point;
  className: string;
  moved: (to: Point) => GeoScope;
}

function gripsOf(scope: GeoScope): Grip[] {
  if (scope.scopeType === "circle") {
    const centre = centreOf(scope.scopeValue);
    const { radius } = scope.scopeValue;
    if (!isPlace(centre) || !(radius > 0)) return [];
    return [
      { at: centre, className: css.pin!, moved: (to) => circleOf(to, radius) },
      {
        at: destination(centre, radius, 90),
        className: css.edge!,
        moved: (to) => circleOf(centre, distanceM(centre, to)),
      },
    ];
  }
  if (scope.scopeType !== "polygon") return [];
  const { vertices } = scope.scopeValue;
  if (vertices.length > MAX_HANDLES || !vertices.every(isPlace)) return [];
  return vertices.map((at, index) => ({
    at,
    className: css.vertex!,
    moved: (to) => polygonOf(vertices.with(index, to)),
  }));
}

export function ScopeHandles({ scope, onChange }: ScopeHandlesProps) {
  const map = useMap();
  const grips = gripsOf(scope);
  const now = useRef({ grips, onChange });
  now.current = { grips, onChange };
  const markers = useRef<L.Marker[]>([]);
  const held = useRef(-1);
  const kind = `${scope.scopeType} ${grips.length}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: handles are made anew when there are more or fewer
  useEffect(() => {
    markers.current = now.current.grips.map(({ at, className }, index) => {
      const marker = handle([at.latitude, at.longitude], className).addTo(map);
      marker.on("dragstart", () => {
        held.current = index;
      });
      marker.on("drag", () => {
        const { lat, lng } = marker.getLatLng();
        const { grips, onChange } = now.current;
        const grip = grips[index];
        if (grip) onChange(grip.moved(placed(lat, lng)));
      });
      marker.on("dragend", () => {
        held.current = -1;
      });
      return marker;
    });
    return () => {
      for (const marker of markers.current) marker.remove();
      markers.current = [];
      held.current = -1;
    };
  }, [map, kind]);
  useEffect(() => {
    for (const [index, { at }] of grips.entries()) {
      if (index !== held.current) markers.current[index]?.setLatLng([at.latitude, at.longitude]);
    }
  });
  return null;
}
