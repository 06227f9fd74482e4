// One task instance: what it does, where, since when, and its log. Beside the page, or from below on a phone.
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useServiceTime } from "@/api/clock";
import { useLive } from "@/api/live";
import type { Instance } from "@/api/types";
import { hashOf } from "@/app/router";
import { entityHref } from "@/entities/links";
import { Button, dateTime, duration, Notice, rate, siteOf } from "@/ui";
import { reasonOf, shortName } from "./deployments";
import { LogPanel } from "./LogPanel";
import css from "./panel.module.css";
import { Restart } from "./Restart";
import { StatusChip } from "./StatusChip";
import { useSelection } from "./selection";

export function InstancePanel({ id }: { id: string }) {
  const instance = useLive((live) => live.instances.get(id));
  const connecting = useLive((live) => live.connection === "connecting");
  const { select } = useSelection();
  const panel = useFocus();
  // What was read stays, also when the instance goes.
  const ran = useRef(false);
  ran.current ||= Boolean(instance?.Worker);
  const close = () => select("");
  return (
    <aside
      ref={panel}
      className={css.panel}
      aria-label="Task instance"
      tabIndex={-1}
      onKeyDown={(event) => event.key === "Escape" && !isTaken(event.target) && close()}
    >
      <div className={css.head}>
        <div>
          <h2>{instance ? `${instance.TaskName} ${shortName(instance)}` : "Task instance"}</h2>
          <span className="mono soft">{id}</span>
        </div>
        <Button look="plain" icon="close" aria-label="Close" onClick={close} />
      </div>
      {instance && <Facts instance={instance} />}
      {!instance && !connecting && (
        <Notice>This task instance is not there any more. It may have been replaced by another.</Notice>
      )}
      {ran.current && <LogPanel instance={id} worker={instance?.Worker} />}
      {instance && !ran.current && <p className="soft">There is no log before it has a worker.</p>}
    </aside>
  );
}

/** Whether Escape is meant for something in the panel: a dialog, or a search that it empties. */
const isTaken = (target: EventTarget) =>
  target instanceof Element &&
  (target.closest("dialog") !== null || (target instanceof HTMLInputElement && target.value !== ""));

/** Takes the focus while it is shown, and gives it back. */
function useFocus() {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    panel.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return panel;
}

function Facts({ instance }: { instance: Instance }) {
  const now = useServiceTime();
  const reason = reasonOf(instance);
  const { Status, Worker, Since, Inputs = [], Outputs = [], Info } = instance;
  return (
    <>
      <div className="row spread">
        <StatusChip instance={instance} />
        <Restart instance={instance} />
      </div>
      {reason && <Notice mood={Status === "failed" ? "bad" : "warn"}>{reason}</Notice>}
      <dl className={css.facts}>
        <Fact name="Worker">{Worker ? siteOf(Worker) : "none yet"}</Fact>
        {Since !== undefined && (
          <Fact name="Since">
            {dateTime(Since)}, for {duration(now - Since)}
          </Fact>
        )}
        <Fact name="Reads">
          {rate(instance.InputRate)}
          <Entities entities={Inputs} />
        </Fact>
        <Fact name="Writes">
          {rate(instance.OutputRate)}
          <Entities entities={Outputs} />
        </Fact>
        <Fact name="Intent">
          <a href={hashOf("running", [instance.ServiceIntentID], { instance: instance.ID })}>
            {instance.ServiceIntentID}
          </a>
        </Fact>
        {Info && (
          <Fact name="Info">
            <span className="mono">{Info}</span>
          </Fact>
        )}
      </dl>
    </>
  );
}

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
);

/** Entities listed before the reader asks for all. */
const FEW = 5;

function Entities({ entities }: { entities: { Type: string; ID: string }[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? entities : entities.slice(0, FEW);
  return (
    <ul className={css.entities}>
      {shown.map(({ Type, ID }) => (
        <li key={`${Type}/${ID}`}>
          {ID ? <a href={entityHref(Type, ID)}>{ID}</a> : "any"} <span className="soft">{Type}</span>
        </li>
      ))}
      {shown.length < entities.length && (
        <li>
          <Button look="plain" onClick={() => setAll(true)}>
            Show all {entities.length}
          </Button>
        </li>
      )}
    </ul>
  );
}
