// Services are killed while somebody watches.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Tab } from "./browser";
import { begin, PLACES } from "./case";
import { until } from "./processes";
import { System } from "./system";

let system: System;
let browser: Browser;
let end: () => Promise<void>;

beforeAll(async () => {
  system = await System.start({ workers: PLACES });
  end = await begin(system);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await end?.();
  await system?.stop();
});

const running = async (worker: string) => {
  const instances = await system.get<{ Worker: string; Status: string }[]>("/instance");
  return instances.filter((instance) => instance.Worker === worker && instance.Status === "running").length;
};

test("a worker that is killed is said to be silent, and its task instances to have moved", async () => {
  await until("Worker.madrid runs detectors", 60_000, async () => (await running("Worker.madrid")) >= 4);
  const tab = await Tab.open(browser, system.url);
  await tab.go("#/overview");
  await system.part("worker madrid").stop("SIGKILL");
  await tab.page
    .getByText(/Worker\.madrid.*silent.*task instances moved/)
    .first()
    .waitFor({ timeout: 30_000 });
  expect(await running("Worker.madrid")).toBe(0);
  await system.part("worker madrid").start();
  await tab.page
    .getByText(/Worker\.madrid.*back/)
    .first()
    .waitFor({ timeout: 30_000 });
  expect(tab.complaints).toEqual([]);
  await tab.close();
});

test("a broker that is killed is said to be away, and ready when it is back", async () => {
  const tab = await Tab.open(browser, system.url);
  await tab.go("#/overview");
  const broker = tab.page
    .getByRole("listitem")
    .filter({ has: tab.page.getByText("broker", { exact: true }) });
  await broker.getByText("ready").waitFor();
  await system.part("broker").stop("SIGKILL");
  await broker.getByText("away").waitFor({ timeout: 15_000 });
  await system.part("broker").start();
  await broker.getByText("ready").waitFor({ timeout: 15_000 });
  expect(tab.complaints).toEqual([]);
  await tab.close();
});

test("while the designer is away the page says so, keeps what it knew, and goes on when it is back", async () => {
  const tab = await Tab.open(browser, system.url);
  await tab.go("#/overview");
  await tab.page.getByText("Worker.tokyo").or(tab.page.getByText("tokyo")).first().waitFor();
  await system.part("designer").stop("SIGKILL");
  await tab.page.getByText("The designer cannot be reached").waitFor();
  expect(await tab.page.getByText("tokyo").first().isVisible()).toBe(true);
  await system.part("designer").start();
  await tab.page.getByText("The designer cannot be reached").waitFor({ state: "detached", timeout: 30_000 });
  await tab.page.locator('[data-state="live"]').first().waitFor({ state: "attached" });
  await tab.close();
});

test("a reload while the designer is away shows the application", async () => {
  const tab = await Tab.open(browser, system.url);
  await tab.go("#/overview");
  await tab.page.evaluate(() => navigator.serviceWorker.ready);
  // Every page's files, not only those already used.
  await until("the files are kept", 10_000, () =>
    tab.page.evaluate(
      async () => (await (await caches.open((await caches.keys())[0] ?? "")).keys()).length > 10,
    ),
  );
  await system.part("designer").stop("SIGKILL");
  await tab.page.reload();
  await tab.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await tab.page.getByText("The designer cannot be reached").waitFor();
  await tab.page.goto(`${system.url}/index.html#/operators`);
  await tab.page.getByRole("heading", { level: 1, name: "Operators" }).waitFor();
  await system.part("designer").start();
  await tab.page.locator('[data-state="live"]').first().waitFor({ state: "attached", timeout: 30_000 });
  await tab.close();
});
