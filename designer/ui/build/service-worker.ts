// Writes `sw.js`, which keeps the application itself so that a reload works while the designer cannot be reached.
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

/** Vite writes the page after the bundle, and copies the others as they are. */
const UNBUNDLED = ["/index.html", "/favicon.svg", "/manifest.webmanifest"];

/** Puts the names of all built files into `src/service-worker.js` and emits it as `sw.js`. */
export function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    apply: "build",
    generateBundle(_options, bundle) {
      const files = Object.keys(bundle).filter((name) => name.startsWith("assets/"));
      const kept = [...new Set([...files.map((name) => `/${name}`), ...UNBUNDLED])].sort();
      const template = readFileSync(new URL("../src/service-worker.js", import.meta.url), "utf8");
      const source = template
        .replace("__FILES__", JSON.stringify(kept))
        .replace("__VERSION__", fingerprint(kept));
      this.emitFile({ type: "asset", fileName: "sw.js", source });
    },
  };
}

/** File names carry hashes of their content, so the names say which version this is. */
function fingerprint(names: string[]): string {
  let hash = 0;
  for (const char of names.join()) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0;
  return hash.toString(16);
}
