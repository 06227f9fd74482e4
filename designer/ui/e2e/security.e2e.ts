// What users and devices store never runs as script, and other sites cannot act in a viewer's name.
import { request as httpRequest } from "node:http";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Tab } from "./browser";
import { operators, topology, update } from "./case";
import { System } from "./system";

const EVIL = `<img src=x onerror="window.ran=1"><script>window.ran=1</script>`;
const ID = "Evil'\"-1";

let system: System;
let browser: Browser;

beforeAll(async () => {
  system = await System.start();
  await system.post("/operator", [
    { ...operators[0], name: "evil", description: EVIL, parameters: [{ name: "p", value: EVIL }] },
  ]);
  const task = { ...topology.tasks[0], operator: "evil" };
  await system.post("/service", [
    { topology: { ...topology, description: EVIL, tasks: [task] }, designboard: { note: EVIL } },
  ]);
  await system.post("/intent", {
    topology: topology.name,
    qos: EVIL,
    geoscope: { scopeType: "global", scopeValue: "global" },
  });
  const entity = {
    entityId: { id: ID, type: "Evil", isPattern: false },
    attributes: [
      { name: "text", type: EVIL, value: EVIL },
      { name: "nested", type: "object", value: { a: EVIL } },
    ],
    domainMetadata: [
      { name: "location", type: "point", value: { latitude: 49.4, longitude: 8.7 } },
      { name: "note", type: "string", value: EVIL },
    ],
  };
  await update(system, [entity]);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

test("stored text is shown as text on every page", async () => {
  const tab = await Tab.open(browser, system.url);
  const dialogs: string[] = [];
  tab.page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  const entity = `#/context/entities/Evil?id=${encodeURIComponent(ID)}`;
  const places = [
    "#/overview",
    "#/map",
    "#/running",
    "#/operators",
    "#/operators/evil",
    "#/topologies",
    "#/topologies/overload",
    "#/intents",
    "#/functions",
    entity,
    "#/context/subscriptions",
    "#/devices",
  ];
  for (const place of places) {
    await tab.go(place);
    await tab.page.waitForTimeout(500);
    expect(await tab.page.evaluate(() => (window as { ran?: number }).ran), place).toBeUndefined();
    expect(await tab.page.locator("img[src=x]").count(), place).toBe(0);
  }
  expect(dialogs).toEqual([]);
  expect(tab.complaints).toEqual([]);
  await tab.close();
});

/** As a browser sends it: `fetch` sets headers of its own. */
const status = (path: string, method: string, headers: Record<string, string>) =>
  new Promise<number | undefined>((resolve, reject) => {
    const sent = httpRequest(`${system.url}${path}`, { method, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.once("error", reject);
    sent.end();
  });

test("requests that a browser sends for another site are refused", async () => {
  const foreign = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
  expect(await status("/operator", "POST", foreign)).toBe(403);
  expect(await status("/operator/evil", "DELETE", { origin: "http://elsewhere.example" })).toBe(403);
  expect(await status("/fogfunction/x/disable", "GET", foreign)).toBe(403);
  expect(
    await status("/index.html", "GET", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }),
  ).toBe(200);
  expect(await status("/operator/evil", "GET", {})).toBe(200);
});
