// First steps: three clicks from an empty system to results on the screen, and nothing is left when they are taken back.
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { launch, Tab } from "./browser";
import { until } from "./processes";
import { System } from "./system";

let system: System;
let browser: Browser;
let tab: Tab;

beforeAll(async () => {
  system = await System.start();
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

afterEach(async ({ task }) => {
  await tab?.witness(task);
  await tab?.close();
});

const steps = ["Install the example", "Start it", "Connect devices"];
const done = () => tab.page.getByText("done", { exact: true });
const press = (name: string) => tab.page.getByRole("button", { name }).click();
const result = () => tab.page.getByText("Mean of all thermometers");

/** Whether the reader sees it without scrolling. */
const inSight = () =>
  result().evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });

/** Takes the example away, and compares what is left with how it was. */
async function takeBack() {
  await press("Remove the example");
  await tab.page.getByRole("button", { name: "Remove the example" }).waitFor({ state: "detached" });
  for (const kind of ["operator", "service", "intent", "device"])
    expect(await system.get<object>(`/${kind}`), kind).toEqual({});
  await until("nothing runs", 10_000, async () => (await system.get<unknown[]>("/instance")).length === 0);
  const left = await system.get<{ type: string; entities: number }[]>("/info/type?counts=true");
  expect(left.filter(({ type, entities }) => type !== "IoTBroker" && entities > 0)).toEqual([]);
  await until("only the designer's own subscriptions are left", 30_000, async () => {
    const subscriptions = await system.get<{ correlator?: string }[]>("/info/subscription");
    return subscriptions.every(({ correlator = "" }) => !correlator.startsWith("Task."));
  });
}

test.for([1440, 390])(
  "three clicks from the first page to results on the screen, at %d px",
  async (width) => {
    tab = await Tab.open(browser, system.url, { width });
    await tab.go("");
    await press("Install the example");
    await press("Start it");
    await press("Connect devices");
    await result().waitFor();
    await until("the results are in sight", 5_000, inSight);
    const running = tab.page.getByRole("table", { name: "Task instances" }).getByText("running");
    await until("an average each and a summary run", 20_000, async () => (await running.count()) === 4);
    await tab.accessible("first steps");
    await tab.fits("first steps");
    await takeBack();
    expect(tab.complaints).toEqual([]);
  },
);

test("it goes on after a reload at every step", async () => {
  tab = await Tab.open(browser, system.url);
  await tab.go("#/guide");
  for (const [index, step] of steps.entries()) {
    await press(step);
    await until(`${step} is done`, 10_000, async () => (await done().count()) === index + 1);
    await tab.page.reload();
    await tab.page.getByRole("button", { name: "Remove the example" }).waitFor();
  }
  await tab.page.getByText("this tab does not simulate them").waitFor();
  await press("Go on simulating");
  await tab.page.getByText("This tab is simulating 3 thermometers.").waitFor();
  await result().waitFor();
  await takeBack();
  expect(tab.complaints).toEqual([]);
});

test("without a worker it says what is missing, and goes on when one joins", async () => {
  await system.part("worker heidelberg").stop();
  tab = await Tab.open(browser, system.url);
  await tab.go("#/guide");
  await tab.page.getByText("No worker is ready.").waitFor();
  for (const step of steps) await press(step);
  await system.part("worker heidelberg").start();
  await result().waitFor();
  await tab.page.getByText("No worker is ready.").waitFor({ state: "detached" });
  await takeBack();
  expect(tab.complaints).toEqual([]);
});
