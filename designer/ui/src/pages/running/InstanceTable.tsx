// All task instances as a table that can be searched: what the graph shows, for any number and for screen readers.
import { useMemo, useState } from "react";
import { useServiceTime } from "@/api/clock";
import type { Instance } from "@/api/types";
import { Button, Card, duration, rate, SelectField, siteOf, TextField } from "@/ui";
import { type VirtualColumn, VirtualTable } from "@/ui/virtual-table";
import { byName, type Filter, filtered, instancesWord, noFilter, reasonOf, shortName } from "./deployments";
import css from "./running.module.css";
import { StatusChip } from "./StatusChip";
import { useSelection } from "./selection";

const statuses = { running: "running", scheduled: "waiting or starting", paused: "paused", failed: "failed" };

const topology: VirtualColumn<Instance> = {
  name: "Topology",
  width: "minmax(7rem, 1fr)",
  cell: (instance) => instance.TopologyName,
};

const reason = (instance: Instance) => {
  const text = reasonOf(instance);
  return text && <span className={instance.Status === "failed" ? css.bad : css.warn}>{text}</span>;
};

interface InstanceTableProps {
  instances: Instance[];
  /** The worker to begin with, or all. */
  worker?: string;
  /** Says of each what it is part of. */
  mixed?: boolean;
}

export function InstanceTable({ instances, worker = "", mixed = false }: InstanceTableProps) {
  const [filter, setFilter] = useState<Filter>({ ...noFilter, worker });
  const { selected, select } = useSelection();
  const now = useServiceTime();
  const shown = useMemo(() => filtered(instances, filter), [instances, filter]);
  const open = (instance: Instance) => (
    <button type="button" className={css.link} onClick={() => select(instance.ID)}>
      {instance.TaskName} {shortName(instance)}
    </button>
  );
  return (
    <div id="instances">
      <Card title="Task instances">
        <Filters instances={instances} filter={filter} onChange={setFilter} />
        <p className={css.note} role="status">
          {shown.length === instances.length
            ? instancesWord(instances.length)
            : `${shown.length} of ${instancesWord(instances.length)}`}
        </p>
        {shown.length === 0 && instances.length > 0 && (
          <Button onClick={() => setFilter(noFilter)}>Show all</Button>
        )}
        {shown.length > 0 && (
          <VirtualTable
            label="Task instances"
            items={shown}
            id={(instance) => instance.ID}
            selected={selected}
            maxHeight="34rem"
            columns={[
              { name: "Instance", width: "minmax(9rem, 1.2fr)", cell: open },
              ...(mixed ? [topology] : []),
              { name: "State", width: "6.8rem", cell: (instance) => <StatusChip instance={instance} /> },
              {
                name: "Worker",
                width: "minmax(6rem, 0.7fr)",
                cell: (instance) => siteOf(instance.Worker) || "–",
              },
              { name: "Reads", width: "4.2rem", number: true, cell: (instance) => rate(instance.InputRate) },
              {
                name: "Writes",
                width: "4.2rem",
                number: true,
                cell: (instance) => rate(instance.OutputRate),
              },
              {
                name: "For",
                width: "4rem",
                number: true,
                cell: ({ Since }) => (Since ? duration(now - Since) : "–"),
              },
              { name: "Reason", below: true, cell: reason },
            ]}
          />
        )}
      </Card>
    </div>
  );
}

interface FiltersProps {
  instances: Instance[];
  filter: Filter;
  onChange: (filter: Filter) => void;
}

function Filters({ instances, filter, onChange }: FiltersProps) {
  const workers = useMemo(() => {
    const names = new Set(instances.map((instance) => instance.Worker).filter(Boolean));
    if (filter.worker) names.add(filter.worker);
    return [...names].sort(byName);
  }, [instances, filter.worker]);
  return (
    <div className={css.filters}>
      <TextField
        label="Search"
        type="search"
        placeholder="Name, entity, reason"
        value={filter.text}
        onChange={(event) => onChange({ ...filter, text: event.target.value })}
      />
      <SelectField
        label="State"
        value={filter.status}
        onChange={(event) => onChange({ ...filter, status: event.target.value })}
      >
        <option value="">Any</option>
        {Object.entries(statuses).map(([status, words]) => (
          <option key={status} value={status}>
            {words}
          </option>
        ))}
      </SelectField>
      <SelectField
        label="Worker"
        value={filter.worker}
        onChange={(event) => onChange({ ...filter, worker: event.target.value })}
      >
        <option value="">Any</option>
        {workers.map((id) => (
          <option key={id} value={id}>
            {siteOf(id)}
          </option>
        ))}
      </SelectField>
    </div>
  );
}
