import { useState } from "react";
import { useLive } from "@/api/live";
import { type Device, shownAttributes } from "@/devices/devices";
import { stopSimulation, useSimulations } from "@/devices/simulator";
import { entityHref } from "@/entities/links";
import { Value } from "@/entities/Value";
import { placeOfEntity } from "@/entities/values";
import { coordinates } from "@/map/scope";
import { Button, Chip, type Column, count, Table } from "@/ui";
import css from "./devices.module.css";
import type { Asked } from "./index";

/** So many rows are in the page at first. */
const PAGE = 50;
const SHOWN_ATTRIBUTES = 6;

interface Props {
  devices: Device[];
  onAsk: (asked: Asked) => void;
}

export function DeviceTable({ devices, onAsk }: Props) {
  const [limit, setLimit] = useState(PAGE);
  const columns: Column<Device>[] = [
    { name: "Device", cell: (device) => <Name device={device} /> },
    { name: "Values", cell: (device) => <Values device={device} /> },
    { name: "Place", cell: (device) => <Place device={device} /> },
    { name: "Simulation", cell: (device) => <Simulated device={device} onAsk={onAsk} /> },
    { name: "Actions", cell: (device) => <Actions device={device} onAsk={onAsk} /> },
  ];
  return (
    <div className="stack">
      <Table label="Devices" columns={columns} items={devices.slice(0, limit)} id={({ id }) => id} />
      {devices.length > limit && (
        <div className="row">
          <Button onClick={() => setLimit(limit + PAGE)}>Show {PAGE} more</Button>
          <span className="soft">
            {limit} of {count(devices.length)}
          </span>
        </div>
      )}
    </div>
  );
}

const useEntity = (device: Device) => useLive((live) => live.entities.get(device.id));

function Name({ device }: { device: Device }) {
  return (
    <span className={css.name}>
      {device.photo && <img className={css.photo} src={device.photo} alt="" loading="lazy" />}
      <span className={css.lines}>
        <a href={entityHref(device.type, device.id)}>{device.id}</a>
        <span className={css.small}>{device.type}</span>
      </span>
    </span>
  );
}

function Values({ device }: { device: Device }) {
  const attributes = shownAttributes(device, useEntity(device));
  if (attributes.length === 0) return <span className="soft">none</span>;
  return (
    <dl className={css.values}>
      {attributes.slice(0, SHOWN_ATTRIBUTES).map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Value value={value} />
          </dd>
        </div>
      ))}
      {attributes.length > SHOWN_ATTRIBUTES && (
        <div className={css.small}>and {attributes.length - SHOWN_ATTRIBUTES} more</div>
      )}
    </dl>
  );
}

function Place({ device }: { device: Device }) {
  const entity = useEntity(device);
  const place = (entity && placeOfEntity(entity)) ?? device.place;
  return place ? <span>{coordinates(place)}</span> : <span className="soft">nowhere</span>;
}

function Simulated({ device, onAsk }: { device: Device; onAsk: (asked: Asked) => void }) {
  const simulation = useSimulations(({ all }) => all.get(device.id));
  const button = simulation?.running ? (
    <Button
      icon="stop"
      aria-label={`Stop simulating ${device.id}`}
      onClick={() => stopSimulation(device.id)}
    />
  ) : (
    <Button icon="play" aria-label={`Simulate ${device.id}`} onClick={() => onAsk({ simulate: device })} />
  );
  return (
    <span className={css.simulation}>
      {button}
      {simulation && (
        <span className={css.lines}>
          <span>
            <Chip mood={simulation.running ? "good" : simulation.reason ? "bad" : "quiet"}>
              {simulation.running ? "sending" : "stopped"}
            </Chip>
          </span>
          <span className={css.small}>
            {count(simulation.sent)} sent, {count(simulation.failed)} failed
          </span>
          {(simulation.reason || simulation.problem) && (
            <span className={css.problem}>{simulation.reason ?? simulation.problem}</span>
          )}
        </span>
      )}
    </span>
  );
}

function Actions({ device, onAsk }: { device: Device; onAsk: (asked: Asked) => void }) {
  return (
    <span className={css.actions}>
      <Button
        look="plain"
        icon="edit"
        aria-label={`Edit ${device.id}`}
        onClick={() => onAsk({ form: { device } })}
      />
      <Button
        look="plain"
        icon="trash"
        aria-label={`Delete ${device.id}`}
        onClick={() => onAsk({ remove: device })}
      />
    </span>
  );
}
