// A subscription for a receiver outside: another context broker, or a program of one's own.
import { type FormEvent, useId, useState } from "react";
import { useChange, useTypes } from "@/api/documents";
import { ApiError, post, problemOf } from "@/api/http";
import { Button, Dialog, Notice, SelectField, TextField, toast } from "@/ui";

const formats = {
  "NGSI-LD": "NGSI-LD: entities are upserted at the receiver",
  NGSIv2: "NGSIv2: notifications with a list of entities",
  NGSIv1: "NGSI-10: notifyContext, as tasks get it",
};

const empty = {
  entity_type: "",
  reference_url: "",
  destination_broker: "NGSI-LD" as keyof typeof formats,
  tenant: "",
};

export function SubscriptionCreate({ onClose, onDone }: { onClose: () => void; onDone: () => unknown }) {
  const [wanted, setWanted] = useState(empty);
  const types = Object.keys(useTypes()).sort();
  const create = useChange("subscription", (document: typeof empty) => post("/subscription", document));
  const [form, list] = [useId(), useId()];
  const field = create.error instanceof ApiError ? create.error.field : undefined;
  const problem = (name: keyof typeof empty) => (field === name ? problemOf(create.error) : undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(wanted, {
      onSuccess: () => {
        toast(`${wanted.reference_url} is notified of every ${wanted.entity_type}.`);
        onClose();
        onDone();
      },
    });
  };
  const set = (change: Partial<typeof empty>) => setWanted({ ...wanted, ...change });
  return (
    <Dialog
      title="New subscription"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form={form} disabled={create.isPending}>
            Subscribe
          </Button>
        </>
      }
    >
      <form id={form} className="stack" onSubmit={submit} noValidate>
        <TextField
          label="Entity type"
          hint="Every entity of this type, wherever in the system it lives."
          list={list}
          value={wanted.entity_type}
          problem={problem("entity_type")}
          onChange={(event) => set({ entity_type: event.target.value })}
        />
        <datalist id={list}>
          {types.map((type) => (
            <option key={type} value={type} />
          ))}
        </datalist>
        <TextField
          label="Address of the receiver"
          hint="The brokers must be able to reach it."
          type="url"
          placeholder="http://192.0.2.20:1026"
          value={wanted.reference_url}
          problem={problem("reference_url")}
          onChange={(event) => set({ reference_url: event.target.value })}
        />
        <SelectField
          label="Format"
          value={wanted.destination_broker}
          problem={problem("destination_broker")}
          onChange={(event) => set({ destination_broker: event.target.value as keyof typeof formats })}
        >
          {Object.entries(formats).map(([format, words]) => (
            <option key={format} value={format}>
              {words}
            </option>
          ))}
        </SelectField>
        {wanted.destination_broker === "NGSI-LD" && (
          <TextField
            label="Tenant"
            hint="Left empty for the receiver's default."
            value={wanted.tenant}
            problem={problem("tenant")}
            onChange={(event) => set({ tenant: event.target.value })}
          />
        )}
        {create.error && !field && <Notice mood="bad">{problemOf(create.error)}</Notice>}
      </form>
    </Dialog>
  );
}
