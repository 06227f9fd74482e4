import { lazy, Suspense, useMemo } from "react";
import type { Element } from "@/api/types";
import css from "@/entities/entities.module.css";
import { placeOfEntity } from "@/entities/values";
import { coordinates } from "@/map/scope";

// The map comes with its own code, which most visits do not need.
const PlaceMap = lazy(() => import("@/map/PlaceMap"));

/** Where an entity stands, on a small map. */
export function EntityPlace({ entity }: { entity: Element }) {
  const { id } = entity.entityId;
  const { latitude, longitude } = placeOfEntity(entity) ?? {};
  const points = useMemo(
    () => (latitude === undefined || longitude === undefined ? [] : [{ id, place: { latitude, longitude } }]),
    [id, latitude, longitude],
  );
  const [point] = points;
  if (!point) return null;
  return (
    <figure className={css.place}>
      <Suspense fallback={<div className={css.placeMap} />}>
        <PlaceMap label={`Where ${id} is`} points={points} className={css.placeMap} />
      </Suspense>
      <figcaption className="soft">{coordinates(point.place)}</figcaption>
    </figure>
  );
}
