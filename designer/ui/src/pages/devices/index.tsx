import { useMemo, useState } from "react";
import { useDevices } from "@/api/documents";
import { useWatch } from "@/api/live";
import type { Point } from "@/api/types";
import { type Device, type DeviceDocument, deleteDevice, devicesOf } from "@/devices/devices";
import { forget } from "@/devices/remembered";
import { forgetSimulation } from "@/devices/simulator";
import { Button, Card, Confirm, Empty, Loaded, Page, plural, TextField } from "@/ui";
import { DeviceForm } from "./DeviceForm";
import { DeviceMap } from "./DeviceMap";
import { DeviceTable } from "./DeviceTable";
import { SimulateDialog } from "./SimulateDialog";
import { SimulationsNotice } from "./SimulationsNotice";

/** Types followed in one stream. */
const MAX_WATCHED = 64;

export type Asked = { form: { device?: Device; place?: Point } } | { remove: Device } | { simulate: Device };

export default function DevicesPage() {
  const documents = useDevices();
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <Page
      title="Devices"
      about="What sends context updates: each device is an entity at a broker."
      actions={
        <Button look="primary" icon="plus" onClick={() => setAsked({ form: {} })}>
          New device
        </Button>
      }
    >
      <SimulationsNotice />
      <Loaded of={documents}>{(known) => <Devices documents={known} onAsk={setAsked} />}</Loaded>
      {asked && <Answer asked={asked} documents={documents.data ?? {}} onClose={() => setAsked(null)} />}
    </Page>
  );
}

interface DevicesProps {
  documents: Record<string, DeviceDocument>;
  onAsk: (asked: Asked) => void;
}

function Devices({ documents, onAsk }: DevicesProps) {
  const devices = useMemo(() => devicesOf(documents), [documents]);
  const [search, setSearch] = useState("");
  useWatch([...new Set(devices.map(({ type }) => type))].filter(Boolean).slice(0, MAX_WATCHED));
  const words = search.trim().toLowerCase();
  const shown = devices.filter(({ id, type }) => `${id} ${type}`.toLowerCase().includes(words));
  return (
    <>
      <DeviceMap
        devices={shown}
        onPlace={(place) => onAsk({ form: { place } })}
        onSelect={(id) => {
          const device = devices.find((other) => other.id === id);
          if (device) onAsk({ form: { device } });
        }}
      />
      {devices.length === 0 ? (
        <Empty
          title="No devices yet."
          action={
            <Button icon="plus" onClick={() => onAsk({ form: {} })}>
              New device
            </Button>
          }
        >
          Add one here or by a click on the map, and let this tab play it. Real devices need no entry: they
          send their updates to a broker, and appear under Context.
        </Empty>
      ) : (
        <Card
          title={plural(shown.length, "device")}
          actions={
            devices.length > 5 && (
              <TextField
                label="Search"
                type="search"
                placeholder="identifier or type"
                value={search}
                onChange={(event) => setSearch(event.target.value)}
              />
            )
          }
        >
          <DeviceTable devices={shown} onAsk={onAsk} />
        </Card>
      )}
    </>
  );
}

interface AnswerProps {
  asked: Asked;
  documents: Record<string, DeviceDocument>;
  onClose: () => void;
}

function Answer({ asked, documents, onClose }: AnswerProps) {
  const { refetch } = useDevices();
  if ("simulate" in asked) return <SimulateDialog device={asked.simulate} onClose={onClose} />;
  if ("form" in asked) {
    return (
      <DeviceForm
        device={asked.form.device}
        place={asked.form.place}
        documents={documents}
        onClose={onClose}
        onDone={refetch}
      />
    );
  }
  const { id } = asked.remove;
  return (
    <Confirm
      title="Delete this device?"
      action="Delete device"
      onClose={onClose}
      onConfirm={async () => {
        forgetSimulation(id);
        await deleteDevice(id);
        forget(id);
        await refetch();
      }}
    >
      {id} is deleted together with its entity. Tasks that have it as input stop, unless others keep them. A
      real device that goes on sending makes the entity anew.
    </Confirm>
  );
}
