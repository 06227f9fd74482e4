// How the whole system is, at a glance.
import { useLive } from "@/api/live";
import { fromHere, go, hashOf } from "@/app/router";
import { Button, ButtonLink, Empty, Loaded, Notice, Page } from "@/ui";
import { useAction } from "@/ui/useAction";
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

/** The first of the three clicks to a running example. */
function Begin() {
  const { busy, problem, run } = useAction(async () => {
    const stayed = fromHere();
    const { installExample } = await import("@/example/actions");
    await installExample();
    if (stayed()) go("guide");
  });
  return (
    <Empty
      title="Nothing runs here yet."
      action={
        <div className="row">
          <Button look="primary" disabled={busy} onClick={run}>
            Install the example
          </Button>
          <ButtonLink href={hashOf("guide")}>First steps</ButtonLink>
        </div>
      }
    >
      There is no data and no task yet. An example of thermometers runs after three clicks: install it, start
      it, connect devices. It is removed with one.
      {problem && <Notice mood="bad">{problem}</Notice>}
    </Empty>
  );
}
