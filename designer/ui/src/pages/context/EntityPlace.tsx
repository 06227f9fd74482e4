import { lazy, Suspense } from "react";
import type { Element } from "@/api/types";
import { coordinates } from "@/map/scope";
import css from "./entities.module.css";
import { placeOfEntity } from "./values";

// The map comes with its own code, which most visits do not need.
const PlaceMap = lazy(() => import("./PlaceMap"));

/** Where an entity stands, on a small map. */
export function EntityPlace({ entity }: { entity: Element }) {
  const place = placeOfEntity(entity);
  if (!place) return null;
  const { id } = entity.entityId;
  return (
    <figure className={css.place}>
      <Suspense fallback={<div className={css.placeMap} />}>
        <PlaceMap label={`Where ${id} is`} points={[{ id, place }]} className={css.placeMap} />
      </Suspense>
      <figcaption className="soft">{coordinates(place)}</figcaption>
    </figure>
  );
}
