// The dashboard without a mouse: past the menu, through the menu, into a dialog and back to where one was.
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { launch, Tab } from "./browser";
import { System } from "./system";

let system: System;
let browser: Browser;
let tab: Tab;

beforeAll(async () => {
  system = await System.start();
  browser = await launch();
});

beforeEach(async () => {
  tab = await Tab.open(browser, system.url);
});

afterEach(async ({ task }) => {
  await tab.witness(task);
  expect(tab.complaints).toEqual([]);
  await tab.close();
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

const key = (name: string) => tab.page.keyboard.press(name);

/** What has the focus, by its name or text. */
const focused = () =>
  tab.page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute("aria-label") || element?.textContent?.trim() || element?.id || "";
  });

/** Goes on by Tab until this has the focus. */
async function tabTo(name: string, most = 40) {
  for (let step = 0; step < most; step += 1) {
    await key("Tab");
    if ((await focused()) === name) return;
  }
  throw new Error(`${name} is not reached within ${most} steps; the last is ${await focused()}`);
}

test("the first step skips the menu", async () => {
  await tab.go("#/devices");
  await tab.page.getByRole("button", { name: "New device" }).first().waitFor();
  await key("Tab");
  expect(await focused()).toBe("Skip to the content");
  const shown = await tab.page.getByRole("button", { name: "Skip to the content" }).boundingBox();
  expect(shown && shown.y >= 0 && shown.x >= 0).toBe(true);
  await key("Enter");
  await key("Tab");
  expect(await focused()).toBe("New device");
});

test("the menu leads to every page, which can be gone on with", async () => {
  await tab.go("#/overview");
  const pages = await tab.page.getByRole("navigation", { name: "Pages" }).getByRole("link").allTextContents();
  expect(pages.length).toBeGreaterThan(9);
  for (const name of pages.slice(1)) {
    await tabTo(name);
    await key("Enter");
    await tab.page.getByRole("heading", { level: 1, name }).waitFor();
    expect(await focused()).toBe(name);
  }
  await tab.page.getByRole("button", { name: "Install the example" }).waitFor();
  await tabTo("Dark colours");
  await key("Enter");
  expect(await tab.page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
  await key("Tab");
  expect(await focused()).toBe("Install the example");
});

test("a dialog holds the focus, closes by Escape, and gives the focus back", async () => {
  await tab.go("#/devices");
  await tabTo("New device");
  await key("Enter");
  const dialog = tab.page.getByRole("dialog");
  await dialog.waitFor();
  for (let step = 0; step < 40; step += 1) {
    await key("Tab");
    const outside = await tab.page.evaluate(
      () => document.activeElement !== document.body && !document.activeElement?.closest("dialog"),
    );
    expect(outside, `step ${step} leaves the dialog`).toBe(false);
  }
  await key("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(await focused()).toBe("New device");
});

test("a dialog is filled in and sent by keyboard", async () => {
  await tab.go("#/context");
  await tabTo("New entity");
  await key("Enter");
  await tab.page.getByRole("dialog", { name: "New entity" }).waitFor();
  const first = tab.page.getByLabel("Identifier");
  expect(await first.evaluate((field) => field === document.activeElement)).toBe(true);
  await tab.page.keyboard.type("Keyboard.1");
  await key("Tab");
  await tab.page.keyboard.type("Keyboard");
  await key("Enter");
  await tab.page.getByRole("dialog").waitFor({ state: "detached" });
  await tab.page.getByRole("heading", { name: "Keyboard.1" }).waitFor();
  await tab.accessible("an entity");
});

test("on a phone the menu opens and closes by keyboard, and gives the focus back", async () => {
  await tab.close();
  tab = await Tab.open(browser, system.url, { width: 390 });
  await tab.go("#/running");
  const menu = tab.page.getByRole("navigation", { name: "Pages" });
  expect(await menu.isVisible()).toBe(false);
  await tabTo("Menu");
  await key("Enter");
  await menu.waitFor();
  await key("Escape");
  await menu.waitFor({ state: "hidden" });
  expect(await focused()).toBe("Menu");
  await key("Enter");
  await tabTo("Devices");
  await key("Enter");
  await tab.page.getByRole("heading", { level: 1, name: "Devices" }).waitFor();
  await menu.waitFor({ state: "hidden" });
});
