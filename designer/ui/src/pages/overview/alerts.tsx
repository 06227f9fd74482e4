// What happened, in words: what still holds first, then the newest.
import { useState } from "react";
import { useServiceTime } from "@/api/clock";
import { useLive } from "@/api/live";
import type { Alert } from "@/api/types";
import { Button, Card, Chip, dateTime, type Mood, plural, time } from "@/ui";
import css from "./overview.module.css";
import { alertHref, alertsInOrder, alertText, alertTiming, isOpen } from "./summary";

const SHOWN = 8;
const DAY_MS = 86_400_000;

const moodOfAlert = (alert: Alert): Mood =>
  isOpen(alert) || alert.severity === "good" ? alert.severity : "quiet";
const words = { bad: "problem", warn: "warning", good: "good" };
const word = (alert: Alert) => (alert.until ? "over" : words[alert.severity]);

export function Alerts() {
  const alerts = useLive((live) => live.alerts);
  const now = useServiceTime();
  const [all, setAll] = useState(false);
  const ordered = alertsInOrder(alerts);
  const open = ordered.filter(isOpen).length;
  const shown = all ? ordered : ordered.slice(0, Math.max(SHOWN, open));
  return (
    <Card title="Alerts" actions={open > 0 && <Chip mood="warn">{plural(open, "open", "open")}</Chip>}>
      {ordered.length === 0 && <p className="soft">Nothing has gone wrong since the designer started.</p>}
      <ul className={css.alerts} aria-live="polite" aria-relevant="additions">
        {shown.map((alert) => (
          <Item key={alert.id} alert={alert} now={now} />
        ))}
      </ul>
      {ordered.length > shown.length && (
        <Button look="plain" onClick={() => setAll(true)}>
          Show all {ordered.length}
        </Button>
      )}
    </Card>
  );
}

function Item({ alert, now }: { alert: Alert; now: number }) {
  const href = alertHref(alert);
  const text = alertText(alert);
  const written = (at: number) => (now - at < DAY_MS ? time(at) : dateTime(at));
  return (
    <li className={css.alert} data-open={isOpen(alert)}>
      <div className={css.alertHead}>
        <Chip mood={moodOfAlert(alert)}>{word(alert)}</Chip>
        <span className={css.note}>{alertTiming(alert, now, written)}</span>
      </div>
      <div className={css.alertText}>{href ? <a href={href}>{text}</a> : text}</div>
    </li>
  );
}
