// How the whole system is, at a glance.
import { useLive } from "@/api/live";
import { hashOf } from "@/app/router";
import { ButtonLink, Empty, Loaded, Notice, Page } from "@/ui";
import { Alerts } from "./alerts";
import { Figures } from "./figures";
import { Brokers, Services } from "./health";
import css from "./overview.module.css";
import { Plots } from "./plots";
import { countsOf, isUntouched, verdictOf } from "./summary";
import { Workers } from "./workers";

export default function Overview() {
  const begun = useLive((live) => live.heard > 0);
  return (
    <Page title="Overview" wide>
      {begun ? <Standing /> : <Loaded of={{ data: undefined, error: null }}>{() => null}</Loaded>}
    </Page>
  );
}

function Standing() {
  const untouched = useLive(({ instances, history }) => isUntouched(instances.size, history.at(-1)));
  return (
    <>
      <Verdict />
      {untouched && <Begin />}
      {!untouched && <Figures />}
      <div className={css.columns}>
        <div className={`stack ${css.aside}`}>
          <Alerts />
          <Services />
        </div>
        <div className="stack">
          {!untouched && <Plots />}
          <div className={css.lists}>
            <Workers />
            <Brokers />
          </div>
        </div>
      </div>
    </>
  );
}

function Verdict() {
  const { services, brokers, alerts, workers, instances, history } = useLive();
  const { failed, scheduled } = countsOf(instances.values());
  const verdict = verdictOf({
    services,
    brokers,
    alerts,
    workers: [...workers.values()],
    failed,
    waiting: scheduled,
    unreachable: history.at(-1)?.unreachable ?? [],
  });
  return <Notice mood={verdict.mood}>{verdict.text}</Notice>;
}

const Begin = () => (
  <Empty
    title="Nothing runs here yet."
    action={
      <ButtonLink href={hashOf("guide")} look="primary">
        First steps
      </ButtonLink>
    }
  >
    There is no data and no task yet. First steps leads from here to a running example in a few minutes.
  </Empty>
);
