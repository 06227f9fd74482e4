// A device to add or to change.
import { type FormEvent, useId, useState } from "react";
import { ApiError, problemOf } from "@/api/http";
import { useLive } from "@/api/live";
import type { Point } from "@/api/types";
import {
  type Device,
  type DeviceDocument,
  saveDevice,
  shownAttributes,
  uploadPhoto,
} from "@/devices/devices";
import { AttributeRows } from "@/entities/AttributeRows";
import { type DraftProblem, draftOf, emptyDraft, readDrafts } from "@/entities/drafts";
import { placeOfEntity } from "@/entities/values";
import { PlacePicker } from "@/map/PlacePicker";
import { Button, Dialog, Notice, TextField, toast } from "@/ui";
import { PhotoField } from "./PhotoField";

interface Props {
  /** Without it, one is added. */
  device?: Device;
  place?: Point;
  documents: Record<string, DeviceDocument>;
  onClose: () => void;
  onDone: () => unknown;
}

interface Problems {
  id?: string;
  type?: string;
  rows: Map<number, DraftProblem>;
  whole?: string;
}

const none: Problems = { rows: new Map() };

export function DeviceForm({ device, place, documents, onClose, onDone }: Props) {
  const entity = useLive.getState().entities.get(device?.id ?? "");
  const [name, setName] = useState({ id: device?.id ?? "", type: device?.type ?? "" });
  const [drafts, setDrafts] = useState(() =>
    device ? shownAttributes(device, entity).map(draftOf) : [emptyDraft()],
  );
  const [where, setWhere] = useState(
    () => place ?? (entity && placeOfEntity(entity)) ?? device?.place ?? null,
  );
  const [photo, setPhoto] = useState<File | "none" | null>(null);
  const [problems, setProblems] = useState(none);
  const [busy, setBusy] = useState(false);
  const form = useId();

  const read = (): Device | null => {
    const { attributes, problems: rows } = readDrafts(drafts);
    const [id, type] = [name.id.trim(), name.type.trim()];
    const taken = !device && id in documents;
    const found: Problems = {
      id: id
        ? taken
          ? "There is a device of this identifier already."
          : undefined
        : "Give it an identifier.",
      type: type ? undefined : "Give it a type.",
      rows,
    };
    setProblems(found);
    return found.id || found.type || rows.size > 0 ? null : { id, type, attributes, place: where };
  };

  const save = async (event: FormEvent) => {
    event.preventDefault();
    const written = read();
    if (!written) return;
    setBusy(true);
    try {
      const path = photo instanceof File ? await uploadPhoto(written.id, photo) : undefined;
      const kept = photo === "none" ? undefined : device?.photo;
      await saveDevice({ ...written, photo: path ?? kept }, documents[written.id]);
      toast(device ? `${written.id} is saved.` : `${written.id} is added.`);
      await onDone();
      onClose();
    } catch (error) {
      setProblems({ ...none, ...placed(error) });
      setBusy(false);
    }
  };

  return (
    <Dialog
      title={device ? `Edit ${device.id}` : "New device"}
      wide
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form={form} disabled={busy}>
            {device ? "Save" : "Add device"}
          </Button>
        </>
      }
    >
      <form id={form} className="stack" onChange={() => setProblems(none)} onSubmit={save} noValidate>
        <TextField
          label="Identifier"
          placeholder="Thermometer.1"
          value={name.id}
          readOnly={Boolean(device)}
          problem={problems.id}
          onChange={(event) => setName({ ...name, id: event.target.value })}
        />
        <TextField
          label="Type"
          hint="Topologies and fog functions choose their inputs by type."
          placeholder="Thermometer"
          value={name.type}
          problem={problems.type}
          onChange={(event) => setName({ ...name, type: event.target.value })}
        />
        <AttributeRows drafts={drafts} problems={problems.rows} onChange={setDrafts} />
        <PlacePicker label="Place" value={where} onChange={setWhere} />
        <PhotoField shown={device?.photo} photo={photo} onChange={setPhoto} />
        {problems.whole && <Notice mood="bad">{problems.whole}</Notice>}
      </form>
    </Dialog>
  );
}

/** What the service says, at the field it means. */
function placed(error: unknown): Partial<Problems> {
  const text = problemOf(error);
  const field = error instanceof ApiError ? error.field : undefined;
  if (field === "id" || field === "type") return { [field]: text };
  return { whole: field ? `${field}: ${text}` : text };
}
