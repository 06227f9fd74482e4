// Every page, in both themes, on a large and a small screen: whole, accessible, quiet, and with a picture of it.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, Tab, THEMES, WIDTHS } from "./browser";
import { begin, intent, PLACES } from "./case";
import { until } from "./processes";
import { System } from "./system";

interface Shown {
  name: string;
  hash: string;
  /** Something that is there when the page is complete. */
  sign: (tab: Tab) => Promise<unknown>;
}

const text = (wanted: string | RegExp) => (tab: Tab) => tab.page.getByText(wanted).first().waitFor();

const PAGES: Shown[] = [
  {
    name: "map",
    hash: "#/map",
    sign: (tab) => tab.page.locator(".leaflet-container canvas").first().waitFor(),
  },
  { name: "running", hash: "#/running", sign: text("overload") },
  { name: "running-intent", hash: `#/running/${intent.id}`, sign: text(/detect/) },
  { name: "operators", hash: "#/operators", sign: text("detector") },
  { name: "operator", hash: "#/operators/detector", sign: text("detector") },
  { name: "topologies", hash: "#/topologies", sign: text("overload") },
  {
    name: "topology",
    hash: "#/topologies/overload",
    sign: (tab) => tab.page.locator(".react-flow__node").first().waitFor(),
  },
  { name: "intents", hash: "#/intents", sign: text("overload") },
  { name: "functions", hash: "#/functions", sign: text("alarm-lamp") },
  { name: "context", hash: "#/context/entities/PowerPanel", sign: text("PowerPanel.tokyo.1") },
  { name: "subscriptions", hash: "#/context/subscriptions", sign: text("PowerPanel") },
  { name: "registrations", hash: "#/context/registrations", sign: text("PowerPanel") },
  { name: "devices", hash: "#/devices", sign: text("Lamp.lobby") },
  { name: "guide", hash: "#/guide", sign: text(/example/i) },
  // Last: by then there is something to plot.
  { name: "overview", hash: "#/overview", sign: text("message bus") },
];

let system: System;
let browser: Browser;
let end: () => Promise<void>;

beforeAll(async () => {
  system = await System.start({ workers: PLACES });
  end = await begin(system);
  await system.post("/fogfunction", [alarmLamp]);
  await system.post("/device", {
    id: "Lamp.lobby",
    type: "Lamp",
    location: PLACES[0],
    attributes: { on: { type: "boolean", value: true } },
  });
  browser = await launch();
  await until("detectors run", 60_000, async () => {
    const instances = await system.get<{ Status: string }[]>("/instance");
    return instances.filter((instance) => instance.Status === "running").length >= 13;
  });
});

afterAll(async () => {
  await browser?.close();
  await end?.();
  await system?.stop();
});

const alarmLamp = {
  name: "alarm-lamp",
  status: "enabled",
  designboard: {},
  topology: {
    name: "alarm-lamp",
    description: "A lamp that is lit while a panel uses too much",
    tasks: [
      {
        name: "lamp",
        operator: "counter",
        input_streams: [
          { selected_type: "Lamp", selected_attributes: ["all"], groupby: "EntityID", scoped: false },
        ],
        output_streams: [{ entity_type: "LampState" }],
      },
    ],
  },
  intent: { topology: "alarm-lamp", geoscope: { scopeType: "global", scopeValue: "global" } },
};

describe.each(PAGES)("$name", ({ name, hash, sign }) => {
  test.each(WIDTHS.flatMap((width) => THEMES.map((theme) => ({ width, theme }))))(
    "at $width px, $theme",
    async ({ width, theme }) => {
      const tab = await Tab.open(browser, system.url, { width, theme });
      try {
        await tab.go(hash);
        await sign(tab);
        await tab.page.waitForTimeout(600);
        await tab.picture(`${name}-${width}-${theme}`);
        await tab.fits(name);
        await tab.accessible(name);
        expect(tab.complaints).toEqual([]);
      } finally {
        await tab.close();
      }
    },
  );
});
