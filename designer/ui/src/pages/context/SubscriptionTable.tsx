import { useState } from "react";
import { useLive } from "@/api/live";
import type { SubscriptionInfo } from "@/api/types";
import { hashOf } from "@/app/router";
import { Button, type Column, count, dateTime, StateChip, siteOf, Table, time } from "@/ui";
import css from "./context.module.css";
import { attributesOf, followerOf, keeperOf, subject, taskOf } from "./subscriptions";

/** So many rows are in the page at first. */
const PAGE = 100;

interface Props {
  subscriptions: SubscriptionInfo[];
  own: Record<string, unknown>;
  onDelete: (subscription: SubscriptionInfo) => void;
}

export function SubscriptionTable({ subscriptions, own, onDelete }: Props) {
  const [limit, setLimit] = useState(PAGE);
  const home = useLive((live) => live.brokers[0]?.id);
  const site = useLive((live) => live.site);
  /** The proxy reaches the broker of the designer's own site. */
  const isOurs = ({ broker }: SubscriptionInfo) => siteOf(broker) === site || (!site && broker === home);
  const canDelete = (subscription: SubscriptionInfo) => {
    const keeper = keeperOf(subscription, own);
    return keeper === "designer" || (keeper !== "dashboard" && isOurs(subscription));
  };
  const columns: Column<SubscriptionInfo>[] = [
    { name: "What", cell: (subscription) => <What subscription={subscription} /> },
    { name: "To", cell: (subscription) => <To subscription={subscription} /> },
    { name: "Broker", cell: ({ broker }) => <div className={css.site}>{siteOf(broker)}</div> },
    { name: "Status", cell: ({ status }) => <StateChip state={status} /> },
    { name: "Sent", number: true, cell: ({ timesSent }) => count(timesSent) },
    { name: "Queued", number: true, cell: ({ queued }) => count(queued) },
    { name: "Last", cell: (subscription) => <Last subscription={subscription} /> },
    {
      name: "Actions",
      cell: (subscription) =>
        canDelete(subscription) && (
          <Button
            look="plain"
            icon="trash"
            aria-label={`Delete the subscription to ${subject(subscription)}`}
            onClick={() => onDelete(subscription)}
          />
        ),
    },
  ];
  return (
    <div className="stack">
      <Table
        label="Subscriptions"
        columns={columns}
        items={subscriptions.slice(0, limit)}
        id={({ broker, id }) => `${broker}/${id}`}
      />
      {subscriptions.length > limit && (
        <div className="row">
          <Button onClick={() => setLimit(limit + PAGE)}>Show {PAGE} more</Button>
          <span className="soft">
            {limit} of {count(subscriptions.length)}
          </span>
        </div>
      )}
    </div>
  );
}

function What({ subscription }: { subscription: SubscriptionInfo }) {
  return (
    <div className={`${css.lines} ${css.what}`}>
      <span>{subject(subscription)}</span>
      <span className={css.small}>{attributesOf(subscription)}</span>
    </div>
  );
}

function To({ subscription }: { subscription: SubscriptionInfo }) {
  const task = taskOf(subscription);
  const follower = followerOf(subscription);
  const instance = useLive((live) => (task ? live.instances.get(task) : undefined));
  return (
    <div className={`${css.lines} ${css.to}`}>
      {task && (
        <span>
          task{" "}
          <a href={hashOf("running", instance ? [instance.ServiceIntentID] : [], { instance: task })}>
            {instance ? `${instance.TopologyName} / ${instance.TaskName}` : task}
          </a>
        </span>
      )}
      {follower && <span>dashboard of {siteOf(follower)}, while it shows them</span>}
      <span className={task || follower ? css.small : "mono"}>{subscription.request.reference}</span>
    </div>
  );
}

/** The time, with the day when it is another one. */
function moment(iso: string): string {
  const at = new Date(iso);
  return at.toDateString() === new Date().toDateString() ? time(at.getTime()) : dateTime(iso);
}

function Last({ subscription }: { subscription: SubscriptionInfo }) {
  const { lastSuccess, lastFailure, lastFailureReason, failsCounter } = subscription;
  if (!lastSuccess && !lastFailure) return <span className="soft">nothing sent yet</span>;
  return (
    <div className={css.lines}>
      {lastSuccess && <span className={css.when}>delivered {moment(lastSuccess)}</span>}
      {lastFailure && (
        <span className={subscription.status === "failing" ? css.reason : css.small}>
          failed {moment(lastFailure)}
          {failsCounter > 0 && `, ${count(failsCounter)} in a row`}
          {lastFailureReason && `: ${lastFailureReason}`}
        </span>
      )}
    </div>
  );
}
