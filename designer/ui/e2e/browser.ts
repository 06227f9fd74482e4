// The real Chromium, and what every page must hold in it.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect, type RunnerTestCase } from "vitest";

export type Theme = "light" | "dark";
export const WIDTHS = [1440, 390] as const;
export const THEMES: Theme[] = ["light", "dark"];

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PICTURES = process.env.SCREENSHOTS ?? "e2e/screenshots";

/** Chromium drops requests when any network of the machine comes or goes, such as those of other tests' containers. */
const ELSEWHERE = "ERR_NETWORK_CHANGED";

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--lang=en-GB"],
  });

/** A tab that takes note of everything that should not happen. */
export class Tab {
  private readonly said: { text: string; url: string }[] = [];
  private readonly gone = new Set<string>();
  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    readonly url: string,
  ) {}

  static async open(
    browser: Browser,
    url: string,
    { width = 1440, theme = "light" as Theme } = {},
  ): Promise<Tab> {
    const phone = width < 600;
    const context = await browser.newContext({
      viewport: { width, height: phone ? 844 : 900 },
      colorScheme: theme,
      hasTouch: phone,
      isMobile: phone,
      locale: "en-GB",
      timezoneId: "Europe/Berlin",
    });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const tab = new Tab(page, context, url);
    tab.listen();
    return tab;
  }

  /** What should not have happened. To find that what is to be deleted is gone already is no fault. */
  get complaints(): string[] {
    return this.said.filter(({ url }) => !this.gone.has(url)).map(({ text }) => text);
  }

  private listen() {
    const say = (text: string, url = "") => this.said.push({ text: `${text} ${url}`.trim(), url });
    this.page.on("pageerror", (error) => say(`error: ${error.message}`));
    this.page.on("console", (message) => {
      if (message.type() !== "error" || message.text().includes(ELSEWHERE)) return;
      say(`console: ${message.text()}`, message.location().url);
    });
    this.page.on("response", (response) => {
      if (response.status() === 404 && response.request().method() === "DELETE")
        this.gone.add(response.url());
    });
    this.page.on("request", (request) => {
      const elsewhere = !request.url().startsWith(this.url) && /^(https?|wss?):/.test(request.url());
      if (elsewhere) say("fetched from elsewhere:", request.url());
    });
  }

  /** Shows a page of the dashboard, instead of the one before, and waits until the live stream has spoken. */
  async go(hash: string) {
    const document = `${this.url}/index.html`;
    if (this.page.url().startsWith(`${document}#`)) await this.page.evaluate(turnTo, hash);
    else await this.page.goto(`${document}${hash}`);
    await this.page.getByRole("heading", { level: 1 }).waitFor();
    await this.page.locator('[data-state="live"]').first().waitFor({ state: "attached" });
  }

  /** No rule of WCAG 2.1 A and AA that axe can check is broken. */
  async accessible(what: string) {
    // A policy forbids scripts in the page, not those that the browser's own tools run.
    await this.page.evaluate(AXE);
    const found = await this.page.evaluate(async () => {
      const { axe } = window as unknown as {
        axe: { run: (options: object) => Promise<{ violations: Violation[] }> };
      };
      type Violation = { id: string; help: string; nodes: { html: string; failureSummary: string }[] };
      const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
      const { violations } = await axe.run({ runOnly: { type: "tag", values: tags } });
      return violations.map(
        (it) =>
          `${it.id}: ${it.help}\n${it.nodes
            .slice(0, 3)
            .map((node) => `  ${node.html}\n  ${node.failureSummary}`)
            .join("\n")}`,
      );
    });
    expect(found, what).toEqual([]);
  }

  /** Nothing sticks out to the right. */
  async fits(what: string) {
    const [wide, room] = await this.page.evaluate(() => {
      const main = document.getElementById("main") ?? document.documentElement;
      return [Math.max(main.scrollWidth, document.documentElement.scrollWidth), window.innerWidth];
    });
    expect(wide, `${what} is wider than the screen`).toBeLessThanOrEqual(room ?? 0);
  }

  async picture(name: string) {
    mkdirSync(PICTURES, { recursive: true });
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`) });
  }

  /** Keeps what the page showed when a test has failed: a picture, and its text for the summary. */
  async witness({ name, result, meta }: Readonly<RunnerTestCase>) {
    if (result?.state !== "fail") return;
    const parts = [
      ...(await this.page.getByRole("dialog").all()),
      ...(await this.page.locator("#main").all()),
    ];
    const shown = await Promise.all(parts.map((part) => part.ariaSnapshot()));
    meta.shown = [new URL(this.page.url()).hash, ...shown].join(" ");
    await this.picture(`failed ${name}`);
  }

  async close() {
    await this.context.close();
  }
}

/** In the page: goes to another place of the application, which has shown it when this returns. */
const turnTo = (hash: string) =>
  new Promise<void>((turned) => {
    if (location.hash === hash) return turned();
    addEventListener("hashchange", () => turned(), { once: true });
    location.hash = hash;
  });
