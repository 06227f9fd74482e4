// The layer of everything live on the map.
import type L from "leaflet";
import { useEffect, useMemo, useRef, useState } from "react";
import { type CanvasLayer, useCanvas, useColours, useMap } from "@/map";
import type { View } from "./model/things";
import type { Area } from "./paint/areas";
import { Scene, type Target } from "./paint/scene";
import type { MapData } from "./useMapData";

interface ThingsProps {
  data: MapData;
  areas: Area[];
  selected: string | undefined;
  /** Clicks mean something else meanwhile. */
  busy: boolean;
  onPick: (ids: string[]) => void;
  onView: (view: View) => void;
}

export function Things({ data, areas, selected, busy, onPick, onView }: ThingsProps) {
  const map = useMap();
  const colours = useColours();
  const layer = useRef<CanvasLayer>(null);
  const [scene] = useState(() => new Scene(() => layer.current?.redraw()));
  layer.current = useCanvas(
    useMemo(() => (context, view) => scene.paint(context, view), [scene]),
    "overlayPane",
  );
  const { located, sites, flows } = data;
  const { types, tasks } = data.colours;
  useEffect(
    () =>
      scene.update({ entities: located, sites, flows: flows.flows, areas, selected, colours, types, tasks }),
    [scene, located, sites, flows, areas, selected, colours, types, tasks],
  );
  useEffect(() => () => scene.close(), [scene]);
  useClicks(
    map,
    busy,
    (at) => {
      const place = layer.current?.fromContainer(at);
      return place && scene.pick(place.x, place.y);
    },
    onPick,
  );
  useView(map, onView);
  return null;
}

function useClicks(
  map: L.Map,
  busy: boolean,
  pick: (at: L.Point) => Target | undefined,
  onPick: (ids: string[]) => void,
) {
  const now = useRef({ pick, onPick });
  now.current = { pick, onPick };
  useEffect(() => {
    if (busy) return;
    const click = ({ containerPoint }: L.LeafletMouseEvent) => {
      const target = now.current.pick(containerPoint);
      if (!target) now.current.onPick([]);
      else if ("ids" in target) now.current.onPick(target.ids);
      else map.setView([target.at.latitude, target.at.longitude], target.zoom);
    };
    const hover = ({ containerPoint }: L.LeafletMouseEvent) => {
      map.getContainer().style.cursor = now.current.pick(containerPoint) ? "pointer" : "";
    };
    map.on("click", click);
    map.on("mousemove", hover);
    return () => {
      map.off("click", click);
      map.off("mousemove", hover);
      map.getContainer().style.cursor = "";
    };
  }, [map, busy]);
}

function useView(map: L.Map, onView: (view: View) => void) {
  useEffect(() => {
    const tell = () => {
      const bounds = map.getBounds();
      onView({
        west: bounds.getWest(),
        south: bounds.getSouth(),
        east: bounds.getEast(),
        north: bounds.getNorth(),
      });
    };
    tell();
    map.on("moveend", tell);
    return () => void map.off("moveend", tell);
  }, [map, onView]);
}
