// 5 000 entities and 500 task instances, all alive. Times are printed for docs/performance.md; only structure is asserted.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Tab } from "./browser";
import { operators, panel, update } from "./case";
import { until } from "./processes";
import { System } from "./system";

const INSTANCES = 500;
const ENTITIES = 5_000;
const BATCH = 250;

let system: System;
let browser: Browser;
let going = true;
let reporting: Promise<void>;

const sensor = (index: number, value: number) => ({
  entityId: { id: `Sensor.${String(index).padStart(4, "0")}`, type: "Sensor", isPattern: false },
  attributes: [{ name: "level", type: "float", value }],
  domainMetadata: [
    {
      name: "location",
      type: "point",
      value: { latitude: -55 + ((index * 37) % 1250) / 10, longitude: -175 + ((index * 61) % 3500) / 10 },
    },
  ],
});

const watched = (index: number, value: number) =>
  panel(`PowerPanel.shop.${index}`, value, 48 + (index % 25) / 20, 8 + Math.floor(index / 25) / 10);

beforeAll(async () => {
  system = await System.start({ capacity: INSTANCES + 50 });
  await system.post("/operator", operators);
  const task = {
    name: "detect",
    operator: "detector",
    input_streams: [
      { selected_type: "PowerPanel", selected_attributes: ["all"], groupby: "EntityID", scoped: false },
    ],
    output_streams: [{ entity_type: "Overload" }],
  };
  await system.post("/service", [
    { topology: { name: "city", description: "A detector for each panel", tasks: [task] }, designboard: {} },
  ]);
  await system.post("/intent", {
    id: "ServiceIntent.city",
    topology: "city",
    geoscope: { scopeType: "global", scopeValue: "global" },
  });
  for (let first = 0; first < ENTITIES - INSTANCES; first += BATCH) {
    await update(
      system,
      Array.from({ length: BATCH }, (_, index) => sensor(first + index, 1)),
    );
  }
  for (let first = 0; first < INSTANCES; first += BATCH) {
    await update(
      system,
      Array.from({ length: BATCH }, (_, index) => watched(first + index, 50)),
    );
  }
  browser = await launch();
  await until(`${INSTANCES} instances run`, 170_000, async () => {
    const instances = await system.get<{ Status: string }[]>("/instance");
    return instances.filter((instance) => instance.Status === "running").length >= INSTANCES;
  });
  reporting = report();
});

/** Two hundred updates a second. */
async function report() {
  for (let round = 0; going; round += 1) {
    const sensors = Array.from({ length: 40 }, (_, index) => sensor((round * 40 + index) % 4_500, round));
    const panels = Array.from({ length: 10 }, (_, index) =>
      watched((round * 10 + index) % INSTANCES, 40 + (round % 60)),
    );
    await update(system, [...sensors, ...panels]).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

afterAll(async () => {
  going = false;
  await reporting;
  await browser?.close();
  await system?.stop();
});

/** How long frames took while something was done, in milliseconds. */
async function frames(tab: Tab, act: () => Promise<void>) {
  await tab.page.evaluate(() => {
    const seen: number[] = [];
    let last = performance.now();
    const step = (now: number) => {
      seen.push(now - last);
      last = now;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
    (window as unknown as { frames: number[] }).frames = seen;
  });
  await act();
  const seen = await tab.page.evaluate(() => (window as unknown as { frames: number[] }).frames.slice(1));
  seen.sort((a, b) => a - b);
  const at = (share: number) => Math.round(seen[Math.floor((seen.length - 1) * share)] ?? 0);
  return { frames: seen.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), longest: at(1) };
}

const say = (what: string, figures: unknown) => console.log(`scale: ${what}: ${JSON.stringify(figures)}`);

test("the first paint", async () => {
  const tab = await Tab.open(browser, system.url);
  await tab.go("#/overview");
  const paint = await tab.page.evaluate(() =>
    performance.getEntriesByType("paint").map((it) => [it.name, Math.round(it.startTime)]),
  );
  say("first visit", Object.fromEntries(paint));
  expect(paint.length).toBeGreaterThan(0);
  await tab.close();
});

test("the map of everything moves while it is dragged and zoomed", async () => {
  const tab = await Tab.open(browser, system.url);
  await tab.go("#/map");
  const map = tab.page.locator(".leaflet-container");
  await map.locator("canvas").first().waitFor();
  await tab.page.waitForTimeout(4_000);
  await tab.picture("map-5000-entities");
  const box = await map.boundingBox();
  if (!box) throw new Error("the map has no size");
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const dragged = await frames(tab, async () => {
    await tab.page.mouse.move(x, y);
    await tab.page.mouse.down();
    for (let step = 1; step <= 40; step += 1) await tab.page.mouse.move(x + step * 5, y + step * 2);
    await tab.page.mouse.up();
  });
  say("map dragged", dragged);
  const zoomed = await frames(tab, async () => {
    for (let step = 0; step < 6; step += 1) {
      await tab.page.mouse.wheel(0, -300);
      await tab.page.waitForTimeout(300);
    }
  });
  say("map zoomed", zoomed);
  expect(tab.complaints).toEqual([]);
  await tab.close();
});

test("the list of thousands is drawn in part and scrolls", async () => {
  const tab = await Tab.open(browser, system.url);
  await tab.go("#/context/entities/Sensor");
  await tab.page.getByText("Sensor.0000").first().waitFor();
  const rows = () => tab.page.getByText(/^Sensor\.\d{4}$/).count();
  expect(await rows()).toBeLessThan(200);
  const scrolled = await frames(tab, async () => {
    const row = await tab.page.getByText("Sensor.0000").first().boundingBox();
    await tab.page.mouse.move((row?.x ?? 0) + 20, (row?.y ?? 0) + 10);
    for (let step = 0; step < 40; step += 1) {
      await tab.page.mouse.wheel(0, 1_500);
      await tab.page.waitForTimeout(50);
    }
  });
  say("entities scrolled", scrolled);
  expect(await rows()).toBeLessThan(200);
  await tab.close();
});

test("500 task instances of one intent are shown", async () => {
  const tab = await Tab.open(browser, system.url);
  await tab.go("#/running/ServiceIntent.city");
  await tab.page.getByText(/500/).first().waitFor();
  await tab.page.waitForTimeout(2_000);
  await tab.picture("running-500-instances");
  say("running page, untouched for 5 s", await frames(tab, () => tab.page.waitForTimeout(5_000)));
  expect(tab.complaints).toEqual([]);
  await tab.close();
});
