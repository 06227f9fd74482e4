import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { serviceWorker } from "./build/service-worker.ts";
import { world } from "./build/world.ts";

/** Where a running designer is, for `npm run dev`. */
const designer = process.env.FOGFLOW_DESIGNER ?? "http://127.0.0.1:8080";
const rest = [
  "operator",
  "dockerimage",
  "topology",
  "service",
  "intent",
  "fogfunction",
  "device",
  "subscription",
  "info",
  "config.js",
  "data",
  "photo",
  "ngsi9",
  "ngsi10",
  "v2",
  "ngsi-ld",
  "live",
  "instance",
  "tryout",
];

export default defineConfig({
  plugins: [react(), world(), serviceWorker()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { proxy: { [`^/(${rest.join("|")})(/.*|\\?.*)?$`]: { target: designer, changeOrigin: true } } },
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    license: { fileName: "licenses.md" },
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
});
