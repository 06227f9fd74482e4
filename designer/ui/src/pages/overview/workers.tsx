// Every worker with its place and load.
import { useServiceTime } from "@/api/clock";
import { useLive } from "@/api/live";
import type { Worker } from "@/api/types";
import { hashOf } from "@/app/router";
import { Card, count, duration, Empty, StateChip, siteOf } from "@/ui";
import { VirtualTable } from "@/ui/virtual-table";
import css from "./overview.module.css";
import { loadOf, workersInOrder } from "./summary";

export function Workers() {
  const workers = useLive((live) => live.workers);
  const now = useServiceTime();
  if (workers.size === 0) {
    return (
      <Card title="Workers">
        <Empty title="No worker has been heard of.">
          Tasks run on workers. Start one with <code>fogflow worker</code> or, with a broker beside it on an
          edge node, <code>fogflow edge</code>.
        </Empty>
      </Card>
    );
  }
  return (
    <Card title="Workers" actions={<a href={hashOf("map")}>On the map</a>}>
      <VirtualTable
        label="Workers"
        items={workersInOrder(workers.values())}
        id={(worker) => worker.id}
        columns={[
          { name: "Site", width: "minmax(7rem, 1.2fr)", cell: (worker) => <Name worker={worker} /> },
          { name: "State", width: "6.5rem", cell: (worker) => <StateChip state={worker.state} /> },
          { name: "Place", width: "minmax(8rem, 1fr)", cell: place },
          {
            name: "Engines",
            width: "minmax(7rem, 1fr)",
            cell: (worker) => worker.engines?.join(", ") || "–",
          },
          { name: "Load", width: "minmax(9rem, 1.3fr)", cell: (worker) => <Load worker={worker} /> },
          { name: "Last heard", width: "6.5rem", cell: (worker) => heard(worker, now) },
        ]}
      />
    </Card>
  );
}

const Name = ({ worker }: { worker: Worker }) => (
  <>
    <a href={hashOf("running", [], { worker: worker.id })} aria-label={`Instances on ${siteOf(worker.id)}`}>
      {siteOf(worker.id)}
    </a>
    <span className={css.under}>{[worker.os, worker.hardware].filter(Boolean).join(" ")}</span>
  </>
);

const place = ({ location }: Worker) =>
  location ? `${location.latitude.toFixed(2)}, ${location.longitude.toFixed(2)}` : "–";

function heard({ state, seen }: Worker, now: number): string {
  return state === "ready" && now - seen < 15_000 ? "just now" : `${duration(now - seen)} ago`;
}

function Load({ worker }: { worker: Worker }) {
  const share = loadOf(worker);
  return (
    <span className={css.load}>
      <span
        className={css.bar}
        role="meter"
        aria-label={`Load of ${siteOf(worker.id)}`}
        aria-valuemin={0}
        aria-valuemax={Math.max(worker.capacity, worker.workload)}
        aria-valuenow={worker.workload}
      >
        <span data-full={share >= 0.9} style={{ width: `${share * 100}%` }} />
      </span>
      {count(worker.workload)} of {count(worker.capacity)}
    </span>
  );
}
