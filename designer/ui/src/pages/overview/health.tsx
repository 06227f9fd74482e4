// The services of this site, and the brokers and masters wherever they are.
import { useServiceTime } from "@/api/clock";
import { useLive } from "@/api/live";
import type { Broker } from "@/api/types";
import { Card, Chip, count, duration, rate, StateChip, siteOf } from "@/ui";
import { VirtualTable } from "@/ui/virtual-table";
import css from "./overview.module.css";
import { addressOf, byName, reasonOf, roleOf } from "./summary";

export function Services() {
  const services = useLive((live) => live.services);
  const masters = useLive((live) => live.masters);
  return (
    <Card title="Services">
      <ul className={css.services}>
        {services.map((service) => (
          <li key={service.name}>
            <strong>{service.name}</strong>
            <StateChip state={service.state} />
            <span className={css.reason}>{reasonOf(service.reason) || addressOf(service.url)}</span>
          </li>
        ))}
      </ul>
      {masters.length > 0 && (
        <>
          <h3 className={css.sub}>Masters</h3>
          <ul className={css.services}>
            {masters.map((master) => (
              <li key={master.id}>
                <strong>{siteOf(master.id)}</strong>
                <Chip mood={master.role === "standby" ? "quiet" : "good"}>{roleOf(master)}</Chip>
                <span className={css.reason}>{addressOf(master.agent)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

export function Brokers() {
  const brokers = useLive((live) => live.brokers);
  const unreachable = useLive((live) => live.history.at(-1)?.unreachable);
  const now = useServiceTime();
  const ordered = [...brokers].sort((a, b) => byName(a.state, b.state) * -1 || byName(a.id, b.id));
  return (
    <Card title="Brokers">
      <VirtualTable
        label="Brokers"
        items={ordered}
        id={(broker) => broker.id}
        maxHeight="22rem"
        columns={[
          { name: "Site", width: "minmax(7rem, 1.4fr)", cell: (broker) => <Site broker={broker} /> },
          {
            name: "State",
            width: "minmax(9rem, 1.2fr)",
            cell: (broker) => (
              <>
                {broker.state === "ready" && unreachable?.includes(broker.id) ? (
                  <Chip mood="warn">gives no answer here</Chip>
                ) : (
                  <StateChip state={broker.state} />
                )}
                {broker.state === "silent" && (
                  <span className={css.small}> for {duration(now - broker.seen)}</span>
                )}
              </>
            ),
          },
          { name: "Updates", width: "5rem", number: true, cell: (broker) => rate(broker.updates) },
          {
            name: "Notifications",
            width: "6rem",
            number: true,
            cell: (broker) => rate(broker.notifications),
          },
          { name: "Queue", width: "4rem", number: true, cell: (broker) => known(broker.queued) },
          { name: "Entities", width: "5rem", number: true, cell: (broker) => known(broker.entities) },
        ]}
      />
    </Card>
  );
}

const known = (value: number | undefined) => (value === undefined ? "–" : count(value));

const Site = ({ broker }: { broker: Broker }) => (
  <>
    <strong>{siteOf(broker.id)}</strong>
    <span className={css.under}>{addressOf(broker.url)}</span>
  </>
);
