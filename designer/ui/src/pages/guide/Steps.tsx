import { type ReactNode, useEffect, useRef, useState } from "react";
import { hashOf } from "@/app/router";
import { useSimulations } from "@/devices/simulator";
import { connectDevices, installExample, removeExample, startExample } from "@/example/actions";
import { deviceIds } from "@/example/example";
import { Button, ButtonLink, Card, Chip, Icon, type Mood, Notice } from "@/ui";
import { WithCode } from "@/ui/code";
import { useAction } from "@/ui/useAction";
import css from "./guide.module.css";
import { RESULTS } from "./Results";
import { connect, install, isThere, problemOf, type Seen, type Step, type StepState, start } from "./state";

export function Steps({ seen }: { seen: Seen }) {
  const [removing, setRemoving] = useState("");
  const installing = useAction(installExample);
  const starting = useAction(startExample);
  const connecting = useAction(async () => {
    await connectDevices(seen.devices ?? new Set());
    document.getElementById(RESULTS)?.scrollIntoView({ block: "nearest" });
  });
  const removal = useAction(() => removeExample(setRemoving));
  const busy = [installing, starting, connecting, removal].some((action) => action.busy);
  const problem = problemOf(seen);
  return (
    <Card
      title="An example to start from"
      actions={
        isThere(seen) && (
          <Button look="danger" icon="trash" disabled={busy} onClick={removal.run}>
            Remove the example
          </Button>
        )
      }
    >
      {removal.busy && <Notice>{removing} …</Notice>}
      {removal.problem && <Notice mood="bad">{removal.problem} Press the button again to go on.</Notice>}
      <ol className={css.steps}>
        <StepItem
          number={1}
          title="Install the example"
          step={install(seen)}
          action={{ ...installing, label: "Install the example", again: "Install the rest" }}
          busy={busy}
        >
          Registers two operators, short programs in JavaScript that workers run without Docker, and a
          topology that says which data they get.
        </StepItem>
        <StepItem
          number={2}
          title="Start it"
          step={start(seen)}
          action={{ ...starting, label: "Start it" }}
          busy={busy}
          trouble={problem && <Trouble problem={problem} />}
        >
          States the intent to have this topology, everywhere. From now on a task instance starts near each
          thermometer as soon as it sends.
        </StepItem>
        <StepItem
          number={3}
          title="Connect devices"
          step={connect(seen)}
          action={{ ...connecting, label: "Connect devices", again: "Go on simulating" }}
          busy={busy}
          trouble={<Sending />}
        >
          Adds three thermometers, which this tab simulates as long as it is open.
        </StepItem>
      </ol>
    </Card>
  );
}

const marks: Record<StepState, { mood: Mood; text: string } | null> = {
  reading: null,
  blocked: null,
  ready: null,
  partly: { mood: "warn", text: "half done" },
  done: { mood: "good", text: "done" },
};

interface Action {
  busy: boolean;
  problem?: string;
  run: () => void;
  label: string;
  /** What the button says when the step was begun. */
  again?: string;
}

interface ItemProps {
  number: number;
  title: string;
  step: Step;
  action: Action;
  busy: boolean;
  /** What keeps it from working. */
  trouble?: ReactNode;
  children: ReactNode;
}

function StepItem({ number, title, step, action, busy, trouble, children }: ItemProps) {
  const mark = marks[step.state];
  const partly = step.state === "partly";
  const done = step.state === "done";
  const item = useRef<HTMLLIElement>(null);
  // Its button goes when it is done: who pressed it by keyboard goes on from here.
  useEffect(() => {
    if (done && document.activeElement === document.body) item.current?.focus({ preventScroll: true });
  }, [done]);
  return (
    <li ref={item} tabIndex={-1} className={css.step} data-state={step.state}>
      <span className={css.number} aria-hidden="true">
        {done ? <Icon name="check" size={16} /> : number}
      </span>
      <div className={css.text}>
        <h3>
          {title} {mark && <Chip mood={mark.mood}>{mark.text}</Chip>}
        </h3>
        {!done && <div className="soft">{children}</div>}
        {step.says && <div>{step.says}</div>}
        {trouble}
        {action.problem && <Notice mood="bad">{action.problem} Press the button again to go on.</Notice>}
      </div>
      {!done && (
        <Button
          look={step.state === "ready" || partly ? "primary" : "normal"}
          disabled={busy || step.state === "blocked" || step.state === "reading"}
          onClick={action.run}
        >
          {action.busy ? "One moment …" : partly ? (action.again ?? action.label) : action.label}
        </Button>
      )}
    </li>
  );
}

function Trouble({ problem }: { problem: NonNullable<ReturnType<typeof problemOf>> }) {
  return (
    <Notice mood="warn">
      <div className={css.trouble}>
        <div className={css.troubleText}>
          <p>{problem.text}</p>
          {problem.todo && (
            <p>
              <WithCode text={problem.todo} />
            </p>
          )}
        </div>
        {problem.link && (
          <ButtonLink href={hashOf(problem.link)}>
            {problem.link === "running" ? "See what runs" : "See the workers"}
          </ButtonLink>
        )}
      </div>
    </Notice>
  );
}

/** How the thermometers fare, and why they stopped. */
function Sending() {
  const all = useSimulations((simulations) => simulations.all);
  const ours = deviceIds.flatMap((id) => all.get(id) ?? []);
  const failing = ours.find(({ reason, problem }) => reason || problem);
  if (!failing) return null;
  return <Notice mood="bad">{`${failing.device.id}: ${failing.reason ?? failing.problem}`}</Notice>;
}
