import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { resetLive, useLive } from "@/api/live";
import type { Instance } from "@/api/types";
import { Toasts } from "@/ui";
import { laidOut } from "@/ui/virtual-table.testkit";
import Running from ".";
import { instance, power, tasks } from "./sample.testkit";

class FakeSource extends EventTarget {
  static readonly CLOSED = 2;
  static last: FakeSource;
  readyState = 0;
  onopen?: () => void;
  onerror?: () => void;

  constructor(readonly url: string) {
    super();
    FakeSource.last = this;
  }

  open() {
    this.readyState = 1;
    act(() => this.onopen?.());
  }

  say(name: string, data: unknown) {
    act(() => this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) })));
  }

  fail(closed: boolean) {
    this.readyState = closed ? 2 : 0;
    act(() => this.onerror?.());
  }

  close() {
    this.readyState = 2;
  }
}

const documents: Record<string, unknown> = {
  "/intent": { "ServiceIntent.1": { id: "ServiceIntent.1", topology: "power" } },
  "/fogfunction": {},
  "/service": { power: { topology: { name: "power", tasks } } },
};

const restart = vi.fn<(path: string) => Response>();

async function answer(path: string, init?: RequestInit): Promise<Response> {
  if (init?.method === "POST") return restart(path);
  if (path.endsWith("/log")) return new Response('{"error":"worker north does not answer"}', { status: 504 });
  return new Response(JSON.stringify(documents[path]), { status: 200 });
}

const hear = (instances: Instance[]) =>
  act(() =>
    useLive.setState({ instances: new Map(instances.map((one) => [one.ID, one])), connection: "live" }),
  );

function show(hash: string) {
  location.hash = hash;
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return render(
    <QueryClientProvider client={client}>
      <Running />
      <Toasts />
    </QueryClientProvider>,
  );
}

beforeEach(() => {
  laidOut();
  vi.stubGlobal("EventSource", FakeSource);
  vi.stubGlobal("fetch", answer);
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true;
  };
});

afterEach(() => {
  cleanup();
  resetLive();
  restart.mockReset();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  location.hash = "";
});

const failed = instance("detector", 3, { Status: "failed", Reason: "the image is not there" });
const waiting = instance("detector", 4, { Status: "scheduled", Worker: "", Reason: "no worker has room" });

describe("what runs", () => {
  it("is listed with state, rates and the reasons of what does not run", async () => {
    show("#/running");
    hear([...power(2), failed, waiting]);
    const list = await screen.findByRole("list", { name: "Intents and fog functions" });
    expect(within(list).getByRole("link", { name: "power" }).getAttribute("href")).toBe(
      "#/running/ServiceIntent.1",
    );
    expect(within(list).getByText("3 of 5 running, 1 failed, 1 waiting")).toBeDefined();
    expect(within(list).getByText("the image is not there")).toBeDefined();
    expect(within(list).getByText("no worker has room")).toBeDefined();
    expect(list.textContent).toContain("reads 4/s, writes 2/s");
  });

  it("says which type is missing when nothing can run", async () => {
    show("#/running");
    hear([]);
    expect(await screen.findByText(/no entity of type PowerPanel and none of type Rule/)).toBeDefined();
  });

  it("says so when an address names nothing", async () => {
    show("#/running/ServiceIntent.9");
    expect(await screen.findByText("Nothing of this name runs here.")).toBeDefined();
  });

  it("can be searched and filtered", async () => {
    const user = userEvent.setup();
    show("#/running");
    hear([...power(2), failed, waiting]);
    const table = await screen.findByRole("table", { name: "Task instances" });
    const names = () =>
      within(table)
        .getAllByRole("button")
        .map((button) => button.textContent);
    expect(names().slice(0, 2)).toEqual(["detector 3", "detector 4"]);
    await user.selectOptions(screen.getByLabelText("State"), "waiting or starting");
    expect(names()).toEqual(["detector 4"]);
    await user.selectOptions(screen.getByLabelText("State"), "Any");
    await user.type(screen.getByLabelText("Search"), "panel.2");
    expect(names()).toEqual(["detector 2"]);
    expect(screen.getByText("1 of 5 task instances")).toBeDefined();
  });

  it("has nothing that a screen reader stumbles over", async () => {
    const { container } = show(`#/running?instance=${failed.ID}`);
    hear([...power(2), failed, waiting]);
    await screen.findByRole("table", { name: "Task instances" });
    const { violations } = await axe.run(container, { rules: { region: { enabled: false } } });
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  });
});

describe("one task instance", () => {
  const one = power(1)[0]!;
  const open = async (instances: Instance[] = [one]) => {
    show(`#/running?instance=${instances[0]!.ID}`);
    hear(instances);
    return screen.findByRole("complementary", { name: "Task instance" });
  };

  it("opens from the table beside the page, and closes with Escape", async () => {
    const user = userEvent.setup();
    show("#/running");
    hear([failed]);
    const table = await screen.findByRole("table", { name: "Task instances" });
    await user.click(within(table).getByRole("button", { name: "detector 3" }));
    const panel = screen.getByRole("complementary", { name: "Task instance" });
    expect(location.hash).toBe(`#/running?instance=${failed.ID}`);
    expect(within(panel).getByText("the image is not there")).toBeDefined();
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("complementary", { name: "Task instance" })).toBeNull();
    expect(document.activeElement?.textContent).toBe("detector 3");
  });

  it("stays open when Escape closes the question or empties the search", async () => {
    const user = userEvent.setup();
    const panel = await open();
    await user.type(within(panel).getByLabelText("Search in the log"), "x{Escape}");
    await user.click(within(panel).getByRole("button", { name: "Restart" }));
    screen.getByRole("dialog").focus();
    await user.keyboard("{Escape}");
    expect(screen.getByRole("complementary", { name: "Task instance" })).toBe(panel);
  });

  it("says so when it is gone, and keeps the log that was read", async () => {
    const panel = await open();
    FakeSource.last.say("lines", { lines: ["the last words"] });
    hear([]);
    expect(within(panel).getByText(/not there any more/)).toBeDefined();
    expect(within(panel).getByText("the last words")).toBeDefined();
  });

  it("has no log before it has a worker", async () => {
    const panel = await open([waiting]);
    expect(within(panel).queryByRole("log")).toBeNull();
    expect(within(panel).getByText(/There is no log before it has a worker/)).toBeDefined();
  });

  it("is started anew after a question", async () => {
    const user = userEvent.setup();
    restart.mockReturnValue(new Response(JSON.stringify({ id: one.ID }), { status: 202 }));
    const panel = await open();
    await user.click(within(panel).getByRole("button", { name: "Restart" }));
    const dialog = screen.getByRole("dialog");
    expect(restart).not.toHaveBeenCalled();
    await user.click(within(dialog).getByRole("button", { name: "Restart" }));
    expect(restart).toHaveBeenCalledWith(`/instance/${one.ID}/restart`);
    expect(await within(panel).findByText(/Worker north starts it anew/)).toBeDefined();
  });

  it("says why it was not started anew", async () => {
    const user = userEvent.setup();
    restart.mockReturnValue(
      new Response(JSON.stringify({ error: "worker north does not answer" }), { status: 504 }),
    );
    const panel = await open();
    await user.click(within(panel).getByRole("button", { name: "Restart" }));
    await user.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Restart" }));
    expect(await screen.findByText("worker north does not answer")).toBeDefined();
    expect(within(panel).queryByText(/as asked at/)).toBeNull();
  });

  it("cannot be started anew before it has a worker", async () => {
    const panel = await open([waiting]);
    expect(within(panel).getByRole<HTMLButtonElement>("button", { name: "Restart" }).disabled).toBe(true);
  });
});

describe("the log", () => {
  const one = power(1)[0]!;
  const lines = () => screen.getByRole("log", { name: "Lines" });
  const start = async () => {
    show(`#/running?instance=${one.ID}`);
    hear([one]);
    await waitFor(() => expect(FakeSource.last.url).toBe(`/instance/${one.ID}/log`));
    FakeSource.last.open();
    FakeSource.last.say("lines", { lines: ["first", "second"], reset: true });
    return userEvent.setup();
  };
  const shown = () => [...lines().children].map((line) => line.textContent);

  it("shows lines as they are written", async () => {
    await start();
    FakeSource.last.say("lines", { lines: ["third"] });
    expect(shown()).toEqual(["first", "second", "third"]);
  });

  it("stays as it is while paused, counts what is new, and follows again", async () => {
    const user = await start();
    await user.click(screen.getByRole("button", { name: "Pause" }));
    FakeSource.last.say("lines", { lines: ["third", "fourth"] });
    expect(shown()).toEqual(["first", "second"]);
    await user.click(screen.getByRole("button", { name: "Follow, 2 new" }));
    expect(shown()).toEqual(["first", "second", "third", "fourth"]);
  });

  it("pauses by itself when somebody reads further up", async () => {
    await start();
    vi.spyOn(HTMLElement.prototype, "scrollHeight", "get").mockReturnValue(5_000);
    lines().scrollTop = 100;
    act(() => void lines().dispatchEvent(new Event("scroll")));
    FakeSource.last.say("lines", { lines: ["third"] });
    expect(shown()).toEqual(["first", "second"]);
    expect(lines().scrollTop).toBe(100);
  });

  it("can be searched", async () => {
    const user = await start();
    await user.type(screen.getByLabelText("Search in the log"), "SEC");
    expect(shown()).toEqual(["second"]);
    expect(lines().querySelector("mark")?.textContent).toBe("sec");
    expect(screen.getByText("1 of 2 lines")).toBeDefined();
  });

  it("is copied as it is shown", async () => {
    const user = await start();
    await user.click(screen.getByRole("button", { name: "Copy the lines shown" }));
    expect(await navigator.clipboard.readText()).toBe("first\nsecond");
    expect(await screen.findByText("2 lines copied.")).toBeDefined();
  });

  it("does not repeat lines when the connection was interrupted", async () => {
    await start();
    FakeSource.last.fail(false);
    expect(screen.getByText("interrupted, trying again")).toBeDefined();
    FakeSource.last.open();
    FakeSource.last.say("lines", { lines: ["second", "third"] });
    expect(shown()).toEqual(["second", "third"]);
  });

  it("is read at the other worker when the instance moves", async () => {
    await start();
    const before = FakeSource.last;
    before.say("end", { reason: "The worker is silent." });
    hear([{ ...one, Worker: "" }]);
    expect(FakeSource.last).toBe(before);
    hear([{ ...one, Worker: "Worker.south" }]);
    expect(FakeSource.last).not.toBe(before);
    FakeSource.last.open();
    FakeSource.last.say("lines", { lines: ["begun anew"] });
    expect(shown()).toEqual(["begun anew"]);
    expect(screen.queryByText(/The worker is silent/)).toBeNull();
  });

  it("is read again when an instance that was gone is back", async () => {
    await start();
    const before = FakeSource.last;
    before.say("end", { reason: "The instance was removed." });
    hear([]);
    expect(shown()).toEqual(["first", "second"]);
    hear([one]);
    expect(FakeSource.last).not.toBe(before);
  });

  it("says why it ended, and can be read again", async () => {
    const user = await start();
    const before = FakeSource.last;
    before.say("end", { reason: "The worker left." });
    expect(screen.getByText(/The worker left\./)).toBeDefined();
    await user.click(screen.getByRole("button", { name: "Read again" }));
    expect(FakeSource.last).not.toBe(before);
    expect(before.readyState).toBe(FakeSource.CLOSED);
  });

  it("says when it cannot be read, and is closed with the panel", async () => {
    const user = await start();
    FakeSource.last.fail(true);
    expect(await screen.findByText(/worker north does not answer/)).toBeDefined();
    await user.click(screen.getByRole("button", { name: "Read again" }));
    await user.click(screen.getByRole("button", { name: "Close" }));
    expect(FakeSource.last.readyState).toBe(FakeSource.CLOSED);
  });
});
