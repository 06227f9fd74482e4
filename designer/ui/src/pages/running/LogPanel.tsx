// The log of a task instance as it is written. Reading further up, or pausing, keeps the lines where they are.
import { memo, useLayoutEffect, useRef, useState } from "react";
import { Button, Chip, count, type Mood, Notice, TextField, toast } from "@/ui";
import { copyText } from "@/ui/clipboard";
import { type Line, type Log, matching, parts } from "./log";
import css from "./log.module.css";
import { type Reading, useLog } from "./useLog";

/** How near the end counts as at the end. */
const NEAR_PX = 24;

export function LogPanel({ instance, worker }: { instance: string; worker?: string }) {
  const { log, reading, again } = useLog(instance, worker);
  const [search, setSearch] = useState("");
  const [held, setHeld] = useState<Log | null>(null);
  const shown = matching((held ?? log).lines, search);
  const box = useRef<HTMLDivElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is newest is shown whenever there is more
  useLayoutEffect(() => {
    const element = box.current;
    if (element && !held) element.scrollTop = element.scrollHeight;
  }, [log, held, search]);

  const scrolled = () => {
    const element = box.current;
    if (!element) return;
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    if (!atEnd && !held) setHeld(log);
  };
  const missed = held ? log.next - held.next : 0;
  const ended = reading.state === "ended" || reading.state === "refused";
  return (
    <section className={css.panel} aria-label="Log">
      <div className={css.head}>
        <h3>Log</h3>
        <State reading={reading} />
        <div className={css.tools}>
          {held ? (
            <Button icon="play" onClick={() => setHeld(null)}>
              Follow{missed > 0 && `, ${count(missed)} new`}
            </Button>
          ) : (
            <Button icon="stop" onClick={() => setHeld(log)}>
              Pause
            </Button>
          )}
          <Button icon="copy" aria-label="Copy the lines shown" onClick={() => copy(shown)} />
        </div>
      </div>
      <TextField
        label="Search in the log"
        type="search"
        value={search}
        hint={search ? `${count(shown.length)} of ${count((held ?? log).lines.length)} lines` : undefined}
        onChange={(event) => setSearch(event.target.value)}
      />
      <div
        ref={box}
        className={css.lines}
        role="log"
        aria-live="off"
        aria-label="Lines"
        tabIndex={0}
        onScroll={scrolled}
      >
        {shown.map((line) => (
          <LineView key={line.number} line={line} search={search} />
        ))}
        {log.lines.length === 0 && reading.state === "live" && (
          <span className={css.none}>Nothing has been written yet.</span>
        )}
      </div>
      {ended && (
        <Notice>
          {reading.reason}{" "}
          <button type="button" className={css.again} onClick={again}>
            Read again
          </button>
        </Notice>
      )}
    </section>
  );
}

const words: Record<Reading["state"], [Mood, string]> = {
  connecting: ["quiet", "opening"],
  live: ["good", "live"],
  interrupted: ["warn", "interrupted, trying again"],
  ended: ["quiet", "ended"],
  refused: ["bad", "not available"],
};

function State({ reading: { state } }: { reading: Reading }) {
  const [mood, text] = words[state];
  return <Chip mood={mood}>{text}</Chip>;
}

const LineView = memo(function LineView({ line, search }: { line: Line; search: string }) {
  return (
    <div className={css.line}>
      {parts(line.text, search).map((part, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text have no other name
        index % 2 ? <mark key={index}>{part}</mark> : part,
      )}
    </div>
  );
});

async function copy(lines: readonly Line[]) {
  const copied = await copyText(lines.map((line) => line.text).join("\n"));
  if (copied) toast(`${count(lines.length)} lines copied.`);
  else toast("The browser does not allow copying here. Mark the lines and copy them.", "bad");
}
