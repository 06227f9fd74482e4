// Processes of the real program, each in its own directory, on ports of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 15_000;

const program = () => {
  const path = process.env.FOGFLOW_PROGRAM;
  if (!path) throw new Error("FOGFLOW_PROGRAM must name the program to test, such as target/debug/fogflow");
  return path;
};

/** A port that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

export class Fogflow {
  private child: ChildProcess | null = null;
  private readonly directory = mkdtempSync(join(tmpdir(), "fogflow-e2e-"));

  constructor(
    private readonly args: string[],
    config: unknown,
    private readonly readyUrl: string,
  ) {
    writeFileSync(join(this.directory, "config.json"), JSON.stringify(config));
  }

  /** Starts it, again too, with what it kept; returns when it answers. */
  async start() {
    const output = openSync(join(this.directory, "log.txt"), "a");
    const args = [...this.args, "-f", "config.json", "--data-dir", "data"];
    this.child = spawn(program(), args, { cwd: this.directory, stdio: ["ignore", output, output] });
    await until(`${this.args.join(" ")} is ready`, START_DEADLINE_MS, async () => {
      if (this.child?.exitCode !== null) throw new Error(`${this.args.join(" ")} ended:\n${this.log()}`);
      return (await fetch(this.readyUrl)).ok;
    });
  }

  async stop(signal: NodeJS.Signals = "SIGTERM") {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    const overdue = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
    await ended;
    clearTimeout(overdue);
  }

  /** Ends it for good, with what it kept. */
  async remove() {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  log() {
    return readFileSync(join(this.directory, "log.txt"), "utf8");
  }
}

/** Asks until the answer is truthy; a refused connection counts as not yet. */
export async function until<T>(what: string, deadlineMs: number, ask: () => Promise<T>): Promise<T> {
  const end = Date.now() + deadlineMs;
  let last: unknown;
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not within ${deadlineMs} ms: ${what}${last ? ` (${last})` : ""}`);
}
