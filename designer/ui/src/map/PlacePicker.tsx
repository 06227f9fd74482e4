// A place, chosen on the map or written as numbers.
import L from "leaflet";
import { useEffect, useRef, useState } from "react";
import type { Point } from "@/api/types";
import { Button } from "@/ui";
import css from "./editors.module.css";
import { isPlace, placed } from "./geometry";
import { NumberField } from "./NumberField";
import { latitudeProblem, longitudeProblem } from "./scope";
import { useMap, WorldMap } from "./WorldMap";

interface PlacePickerProps {
  /** Null while there is none, or what is written is no place. */
  value: Point | null;
  onChange: (value: Point | null) => void;
  /** What is placed, for screen readers. */
  label?: string;
  /** What the service says about it. */
  problem?: { latitude?: string; longitude?: string };
}

const NOWHERE: Point = { latitude: Number.NaN, longitude: Number.NaN };
const same = (one: Point, other: Point) =>
  Object.is(one.latitude, other.latitude) && Object.is(one.longitude, other.longitude);

export function PlacePicker({ value, onChange, label = "Place", problem }: PlacePickerProps) {
  const [written, setWritten] = useState<Point>(value ?? NOWHERE);
  const point = value ?? (isPlace(written) ? NOWHERE : written);
  const [fit] = useState(() => (value ? [value] : []));
  const change = (next: Point) => {
    setWritten(next);
    const known = isPlace(next) ? next : null;
    if (known || value) onChange(known);
  };
  return (
    <div className={css.editor} role="group" aria-label={label}>
      <WorldMap label={`${label}: click to choose it`} fit={fit} className={css.map}>
        <Pin point={value} onChange={change} />
      </WorldMap>
      <div className={css.fields}>
        <NumberField
          label="Latitude"
          value={point.latitude}
          problem={problem?.latitude ?? latitudeProblem(point.latitude)}
          onChange={(latitude) => change({ ...point, latitude })}
        />
        <NumberField
          label="Longitude"
          value={point.longitude}
          problem={problem?.longitude ?? longitudeProblem(point.longitude)}
          onChange={(longitude) => change({ ...point, longitude })}
        />
        <Button icon="close" disabled={same(point, NOWHERE)} onClick={() => change(NOWHERE)}>
          Clear
        </Button>
      </div>
    </div>
  );
}

function Pin({ point, onChange }: { point: Point | null; onChange: (point: Point) => void }) {
  const map = useMap();
  const changed = useRef(onChange);
  changed.current = onChange;
  useEffect(() => {
    const click = ({ latlng }: L.LeafletMouseEvent) => changed.current(placed(latlng.lat, latlng.lng));
    map.on("click", click);
    map.getContainer().dataset.drawing = "true";
    return () => {
      map.off("click", click);
      delete map.getContainer().dataset.drawing;
    };
  }, [map]);
  const { latitude, longitude } = point ?? NOWHERE;
  useEffect(() => {
    if (Number.isNaN(latitude)) return;
    const pin = handle([latitude, longitude], css.pin!).addTo(map);
    pin.on("dragend", () => changed.current(placed(pin.getLatLng().lat, pin.getLatLng().lng)));
    if (!map.getBounds().contains(pin.getLatLng())) map.panTo(pin.getLatLng());
    return () => void pin.remove();
  }, [map, latitude, longitude]);
  return null;
}

/** Something on the map that can be dragged; the fields are its equivalent for the keyboard. */
export function handle(at: L.LatLngExpression, className: string): L.Marker {
  const icon = L.divIcon({ className, html: false, iconSize: [18, 18] });
  return L.marker(at, { icon, draggable: true, keyboard: false, bubblingMouseEvents: false });
}
