import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { Failures } from "./e2e/failures";

/** End-to-end tests: real services and the real Chromium, one after the other. */
export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  test: {
    include: ["e2e/**/*.e2e.ts"],
    environment: "node",
    reporters: ["default", new Failures()],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // What a page complained of is the whole finding: it is never cut.
    chaiConfig: { truncateThreshold: 0 },
  },
});
