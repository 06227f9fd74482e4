// Who is notified of what, over all brokers.
import { useEffect, useMemo, useRef, useState } from "react";
import { useOwnSubscriptions, useSubscriptions } from "@/api/documents";
import { remove, segment } from "@/api/http";
import { useLive } from "@/api/live";
import type { SubscriptionInfo } from "@/api/types";
import { Button, Card, CheckField, Confirm, Empty, Loaded, plural, TextField } from "@/ui";
import css from "./context.module.css";
import { SubscriptionCreate } from "./SubscriptionCreate";
import { SubscriptionTable } from "./SubscriptionTable";
import { keeperOf, selected, subject } from "./subscriptions";

export function Subscriptions() {
  const subscriptions = useSubscriptions();
  const own = useOwnSubscriptions().data ?? {};
  const [selection, setSelection] = useState({ search: "", failing: false });
  const [creating, setCreating] = useState(false);
  const [deleted, setDeleted] = useState<SubscriptionInfo | null>(null);
  const { refetch } = subscriptions;
  useRefetched(refetch);
  const failing = subscriptions.data?.filter(({ status }) => status === "failing").length ?? 0;
  return (
    <>
      <div className={css.tools}>
        <TextField
          label="Search"
          type="search"
          placeholder="type, identifier, receiver, task"
          value={selection.search}
          onChange={(event) => setSelection({ ...selection, search: event.target.value })}
        />
        <div className={css.choice}>
          <CheckField
            label={`Failing only (${failing})`}
            checked={selection.failing}
            onChange={(event) => setSelection({ ...selection, failing: event.target.checked })}
          />
        </div>
        <Button icon="restart" disabled={subscriptions.isFetching} onClick={() => refetch()}>
          Refresh
        </Button>
        <Button icon="plus" look="primary" onClick={() => setCreating(true)}>
          New subscription
        </Button>
      </div>
      <Loaded of={subscriptions}>
        {(all) => <Shown all={all} own={own} selection={selection} onDelete={setDeleted} />}
      </Loaded>
      {creating && <SubscriptionCreate onClose={() => setCreating(false)} onDone={refetch} />}
      {deleted && (
        <Confirm
          title="Delete this subscription?"
          action="Delete subscription"
          onClose={() => setDeleted(null)}
          onConfirm={async () => {
            await deletion(deleted, own);
            await refetch();
          }}
        >
          <span className="mono">{deleted.request.reference}</span> is no longer notified of{" "}
          {subject(deleted)}.
          {keeperOf(deleted, own) === "task" &&
            " It belongs to a running task, which then gets no more input from it."}
        </Confirm>
      )}
    </>
  );
}

const deletion = (subscription: SubscriptionInfo, own: Record<string, unknown>) =>
  remove(
    keeperOf(subscription, own) === "designer"
      ? `/subscription/${segment(subscription.id)}`
      : `/ngsi10/subscription/${segment(subscription.id)}`,
  );

/** Fetches again when documents changed: what was kept in between is old by then. */
function useRefetched(refetch: ReturnType<typeof useSubscriptions>["refetch"]) {
  const revisions = useLive((live) => live.revisions);
  const known = useRef(revisions);
  useEffect(() => void refetch({ cancelRefetch: false }), [refetch]);
  useEffect(() => {
    if (known.current && known.current !== revisions) void refetch();
    known.current = revisions;
  }, [revisions, refetch]);
}

function Shown({
  all,
  own,
  selection,
  onDelete,
}: {
  all: SubscriptionInfo[];
  own: Record<string, unknown>;
  selection: { search: string; failing: boolean };
  onDelete: (subscription: SubscriptionInfo) => void;
}) {
  const shown = useMemo(() => selected(all, selection), [all, selection]);
  if (all.length === 0) {
    return (
      <Empty title="Nobody has subscribed yet.">
        Tasks subscribe to their inputs when they start. A receiver outside, such as another broker, is added
        with New subscription.
      </Empty>
    );
  }
  if (shown.length === 0) {
    return <Empty title={selection.failing && !selection.search ? "None is failing." : "Nothing matches."} />;
  }
  return (
    <Card title={plural(shown.length, "subscription")}>
      <SubscriptionTable subscriptions={shown} own={own} onDelete={onDelete} />
    </Card>
  );
}
