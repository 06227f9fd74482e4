import { lazy, Suspense, useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import { useLive } from "@/api/live";
import type { Point } from "@/api/types";
import type { Device } from "@/devices/devices";
import { useSimulations } from "@/devices/simulator";
import { placeOfEntity } from "@/entities/values";
import css from "./devices.module.css";

const PlaceMap = lazy(() => import("@/map/PlaceMap"));

interface Props {
  devices: Device[];
  onPlace: (place: Point) => void;
  onSelect: (id: string) => void;
}

/** The devices where their entities say they are. */
export function DeviceMap({ devices, onPlace, onSelect }: Props) {
  const entities = useLive(
    useShallow((live) => devices.map(({ id }) => live.entities.get(id)?.domainMetadata)),
  );
  const playing = useSimulations(
    useShallow(({ all }) => devices.map(({ id }) => Boolean(all.get(id)?.running))),
  );
  const points = useMemo(
    () =>
      devices.flatMap(({ id, place }, at) => {
        const entityId = { id, type: "" };
        const known = placeOfEntity({ entityId, domainMetadata: entities[at] }) ?? place;
        return known ? [{ id, place: known, busy: playing[at] }] : [];
      }),
    [devices, entities, playing],
  );
  return (
    <div className={css.mapBox}>
      <Suspense fallback={<div className={css.map} />}>
        <PlaceMap
          label="Devices on the map"
          points={points}
          className={css.map}
          onPlace={onPlace}
          onSelect={onSelect}
        />
      </Suspense>
      <p className="soft">A click on the map places a new device, a click on a dot opens that device.</p>
    </div>
  );
}
