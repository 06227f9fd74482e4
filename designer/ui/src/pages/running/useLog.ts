// Follows the log of a task instance.
import { useCallback, useEffect, useRef, useState } from "react";
import { segment } from "@/api/http";
import { useLive } from "@/api/live";
import { appended, emptyLog, type Log, restarted } from "./log";

export type Reading =
  | { state: "connecting" | "live" | "interrupted" }
  | { state: "ended" | "refused"; reason: string };

const UNREACHED = "The log cannot be read: the designer is out of reach.";

/** Without a worker there is nothing to read; the log is read anew at the next, or when the instance is back. */
export function useLog(instance: string, worker = "") {
  const [log, setLog] = useState<Log>(emptyLog);
  const [reading, setReading] = useState<Reading>({ state: "connecting" });
  const [attempt, setAttempt] = useState(0);
  const at = useRef(worker);
  useEffect(() => {
    if (worker && worker !== at.current) setAttempt((count) => count + 1);
    at.current = worker;
  }, [worker]);
  const connection = useLive((live) => live.connection);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt opens it again
  useEffect(() => {
    setReading({ state: connection === "lost" ? "interrupted" : "connecting" });
    return connection === "live" ? follow(instance, setLog, setReading) : undefined;
  }, [instance, attempt, connection]);
  const again = useCallback(() => setAttempt((count) => count + 1), []);
  return { log, reading, again };
}

function follow(
  instance: string,
  change: (next: (log: Log) => Log) => void,
  say: (reading: Reading) => void,
): () => void {
  const path = `/instance/${segment(instance)}/log`;
  const source = new EventSource(path);
  let over = false;
  // Each connection begins with the last lines, also of those that are known already.
  let first = true;
  source.onopen = () => {
    first = true;
    say({ state: "live" });
  };
  source.addEventListener("lines", (event) => {
    const { lines, reset } = JSON.parse(event.data) as { lines: string[]; reset?: boolean };
    const take = first || reset ? restarted : appended;
    first = false;
    change((log) => take(log, lines));
  });
  source.addEventListener("end", (event) => {
    source.close();
    say({ state: "ended", reason: (JSON.parse(event.data) as { reason?: string }).reason || "It ended." });
  });
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return say({ state: "interrupted" });
    void refusalOf(path).then((reason) => over || say({ state: "refused", reason }));
  };
  return () => {
    over = true;
    source.close();
  };
}

/** Why a log cannot be opened, in the service's words, which an event source keeps to itself. */
async function refusalOf(path: string): Promise<string> {
  const stop = new AbortController();
  try {
    const answer = await fetch(path, { signal: stop.signal, headers: { accept: "text/event-stream" } });
    if (answer.ok) return "The log was interrupted. It can be read now.";
    const { error } = (await answer.json()) as { error?: unknown };
    return typeof error === "string" ? error : `The designer answered ${answer.status}.`;
  } catch {
    return UNREACHED;
  } finally {
    stop.abort();
  }
}
