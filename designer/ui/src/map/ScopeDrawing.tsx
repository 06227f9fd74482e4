// Drawing an area on a map and changing it with its handles. It is a child of a WorldMap.
import type L from "leaflet";
import { useEffect, useMemo, useRef, useState } from "react";
import type { GeoScope, Point } from "@/api/types";
import type { Paint } from "./canvasLayer";
import { useColours } from "./colours";
import { distanceM, placed, ringOf } from "./geometry";
import { paintOutline } from "./outline";
import { ScopeHandles } from "./ScopeHandles";
import { circleOf, polygonOf } from "./scope";
import { useCanvas, useMap } from "./WorldMap";

interface ScopeDrawingProps {
  scope: GeoScope;
  /** Whether clicks draw; otherwise handles change what is there. */
  drawing: boolean;
  onChange: (scope: GeoScope) => void;
  onDone: () => void;
}

export function ScopeDrawing({ scope, drawing, onChange, onDone }: ScopeDrawingProps) {
  const [hover, setHover] = useState<Point | null>(null);
  const open = drawing && scope.scopeType === "polygon";
  useOutline(scope, open, open ? hover : null);
  useDrawingCursor(drawing);
  if (!drawing) return <ScopeHandles scope={scope} onChange={onChange} />;
  if (scope.scopeType === "circle") return <CircleDrawing onChange={onChange} onDone={onDone} />;
  if (scope.scopeType !== "polygon") return null;
  const { vertices } = scope.scopeValue;
  return <PolygonDrawing vertices={vertices} onChange={onChange} onDone={onDone} onHover={setHover} />;
}

function useOutline(scope: GeoScope, open: boolean, hover: Point | null) {
  const colours = useColours();
  const paint = useMemo<Paint>(() => {
    const ring = [...ringOf(scope), ...(hover ? [hover] : [])];
    return (context, view) => {
      paintOutline(context, view, ring, { colour: colours.accent, fill: 0.14, width: 2, open });
      if (!open) return;
      context.fillStyle = colours.accent;
      for (const { latitude, longitude } of ring) {
        context.beginPath();
        context.arc(view.x(longitude), view.y(latitude), 4.5, 0, Math.PI * 2);
        context.fill();
      }
    };
  }, [scope, open, hover, colours]);
  useCanvas(paint);
}

const SETTLE_MS = 100;

function useDrawingCursor(drawing: boolean) {
  const map = useMap();
  useEffect(() => {
    if (!drawing) return;
    const { dataset } = map.getContainer();
    dataset.drawing = "true";
    map.doubleClickZoom.disable();
    return () => {
      delete dataset.drawing;
      // The double-click that closed a polygon is still to come.
      setTimeout(() => map.doubleClickZoom.enable(), SETTLE_MS);
    };
  }, [map, drawing]);
}

/** A press shorter than this chooses the centre, with a radius of `DEFAULT_PX`. */
const MIN_DRAG_PX = 6;
const DEFAULT_PX = 60;

const pointOf = ({ lat, lng }: L.LatLng) => placed(lat, lng);

function CircleDrawing({ onChange, onDone }: Pick<ScopeDrawingProps, "onChange" | "onDone">) {
  const map = useMap();
  const act = useRef({ onChange, onDone });
  act.current = { onChange, onDone };
  useEffect(() => {
    const box = map.getContainer();
    let start: PointerEvent | null = null;
    const placeOf = (event: PointerEvent) => pointOf(map.mouseEventToLatLng(event));
    const down = (event: PointerEvent) => {
      if (event.button !== 0) return;
      start = event;
      box.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent) => {
      if (!start) return;
      const far = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY);
      if (far < MIN_DRAG_PX) return;
      const centre = placeOf(start);
      act.current.onChange(circleOf(centre, distanceM(centre, placeOf(event))));
    };
    const up = (event: PointerEvent) => {
      if (!start) return;
      const far = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY);
      if (far < MIN_DRAG_PX) act.current.onChange(circleOf(placeOf(start), metresOf(map, start, DEFAULT_PX)));
      start = null;
      act.current.onDone();
    };
    map.dragging.disable();
    box.addEventListener("pointerdown", down);
    box.addEventListener("pointermove", move);
    box.addEventListener("pointerup", up);
    return () => {
      map.dragging.enable();
      box.removeEventListener("pointerdown", down);
      box.removeEventListener("pointermove", move);
      box.removeEventListener("pointerup", up);
    };
  }, [map]);
  return null;
}

function metresOf(map: L.Map, at: PointerEvent, pixels: number): number {
  const here = map.mouseEventToContainerPoint(at);
  return map.distance(map.containerPointToLatLng(here), map.containerPointToLatLng(here.add([pixels, 0])));
}

/** A click as near as this to the first or the last corner closes the polygon. */
const CLOSE_PX = 11;

interface PolygonDrawingProps extends Pick<ScopeDrawingProps, "onChange" | "onDone"> {
  vertices: Point[];
  onHover: (point: Point | null) => void;
}

function PolygonDrawing({ vertices, onChange, onDone, onHover }: PolygonDrawingProps) {
  const map = useMap();
  const act = useRef({ vertices, onChange, onDone, onHover });
  act.current = { vertices, onChange, onDone, onHover };
  useEffect(() => {
    const near = (point: Point | undefined, event: L.LeafletMouseEvent) =>
      point !== undefined &&
      map.latLngToContainerPoint([point.latitude, point.longitude]).distanceTo(event.containerPoint) <
        CLOSE_PX;
    const click = (event: L.LeafletMouseEvent) => {
      const { vertices, onChange, onDone } = act.current;
      if (near(vertices.at(-1), event) || near(vertices[0], event)) return vertices.length >= 3 && onDone();
      onChange(polygonOf([...vertices, pointOf(event.latlng)]));
    };
    const hover = (event: L.LeafletMouseEvent) => {
      if (act.current.vertices.length > 0) act.current.onHover(pointOf(event.latlng));
    };
    const key = (event: KeyboardEvent) => {
      const { vertices, onChange, onDone } = act.current;
      if (event.key === "Enter" && vertices.length >= 3) onDone();
      if (event.key === "Backspace") onChange(polygonOf(vertices.slice(0, -1)));
    };
    const out = () => act.current.onHover(null);
    map.on("click", click);
    map.on("mousemove", hover);
    map.on("mouseout", out);
    map.getContainer().addEventListener("keydown", key);
    return () => {
      map.off("click", click);
      map.off("mousemove", hover);
      map.off("mouseout", out);
      map.getContainer().removeEventListener("keydown", key);
      out();
    };
  }, [map]);
  return null;
}
