// The whole story, by mouse and keyboard only: register an operator, draw a topology, submit an intent, a device appears, its
// result is on the map, and everything is deleted again.
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
  tab = await Tab.open(browser, system.url);
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

afterEach(async ({ task }) => {
  await tab.witness(task);
});

const press = (name: string | RegExp) => tab.page.getByRole("button", { name }).first().click();
const follow = (name: string | RegExp) => tab.page.getByRole("link", { name }).first().click();
const fill = (label: string | RegExp, text: string) =>
  tab.page
    .getByLabel(label, { exact: typeof label === "string" })
    .first()
    .fill(text);

test("an operator is written and tried", async () => {
  await tab.go("#/operators");
  await follow("New operator");
  await fill("Name", "watch-heat");
  await fill("Description", "passes on what thermometers say");
  await press("Pass through");
  await press("Run");
  await tab.page.getByLabel("Published entities").waitFor();
  await press("Save");
  await tab.page.getByRole("heading", { level: 1, name: "watch-heat" }).waitFor();
  expect(Object.keys(await system.get<object>("/operator"))).toEqual(["watch-heat"]);
});

test("a topology is drawn", async () => {
  await tab.go("#/topologies/new");
  await fill("Name", "heat");
  await press("Add a new stream");
  await fill("Entity type", "Thermometer");
  await tab.page.getByLabel("Task instances").selectOption("EntityID");
  await press("Add a task with operator watch-heat");
  await fill("Name", "watch");
  await fill("Entity type of the output", "Heat");
  // By mouse: from the stream's right side to the task's left.
  const from = tab.page
    .locator(".react-flow__node", { hasText: "Thermometer" })
    .locator(".react-flow__handle.source")
    .first();
  const to = tab.page
    .locator(".react-flow__node", { hasText: "watch-heat" })
    .locator(".react-flow__handle.target")
    .first();
  await from.dragTo(to);
  await tab.page.getByText("No problems").waitFor();
  await press("Save");
  await until("the topology is stored", 5_000, async () => "heat" in (await system.get<object>("/service")));
});

test("an intent is submitted", async () => {
  await follow("State an intent");
  await press("Submit the intent");
  await until(
    "the intent is stored",
    5_000,
    async () => Object.keys(await system.get<object>("/intent")).length === 1,
  );
});

test("a device appears, and its result is on the map", async () => {
  await tab.go("#/devices");
  await press("New device");
  await fill("Identifier", "Thermometer.roof");
  await fill("Type", "Thermometer");
  const dialog = tab.page.getByRole("dialog");
  await dialog.getByLabel("Name").first().fill("temperature");
  await dialog.getByLabel("Value").first().fill("31.5");
  await fill("Latitude", "49.5");
  await fill("Longitude", "8.6");
  await press("Add device");
  await tab.page.getByText("Thermometer.roof").first().waitFor();
  const result = await until("a result", 20_000, async () => {
    const page = await system.get<{ entities: { entityId: { id: string } }[] }>(
      "/info/entity?type=Heat&limit=1",
    );
    return page.entities[0]?.entityId.id ?? "";
  });
  await tab.go("#/map");
  await tab.page.getByText(result).first().waitFor({ timeout: 20_000 });
  await tab.picture("story-map");
  await tab.go("#/running");
  await follow("heat");
  await tab.page.getByText("1 of 1 running").first().waitFor();
  await tab.picture("story-running");
});

test("everything is deleted again", async () => {
  const confirm = async (name: string | RegExp) => {
    const dialog = tab.page.getByRole("dialog");
    await dialog.getByRole("button", { name }).click();
    await dialog.waitFor({ state: "detached" });
  };
  await tab.go("#/operators/watch-heat");
  await press("Delete");
  await tab.page.getByRole("dialog").getByText("heat", { exact: false }).first().waitFor();
  await press("Close");
  await tab.go("#/intents");
  await press(/Delete the intent/);
  await confirm(/Delete|Withdraw/);
  await tab.go("#/topologies/heat");
  await press("Delete the topology");
  await confirm(/Delete/);
  await tab.go("#/operators/watch-heat");
  await press("Delete");
  await confirm(/Delete/);
  await tab.go("#/devices");
  await press(/Delete Thermometer.roof|Delete/);
  await confirm(/Delete/);
  for (const kind of ["operator", "service", "intent", "device"])
    expect(await system.get<object>(`/${kind}`), kind).toEqual({});
  await until("nothing runs", 20_000, async () => (await system.get<unknown[]>("/instance")).length === 0);
  expect(tab.complaints).toEqual([]);
});
