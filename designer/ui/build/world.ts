// The land and borders of the offline map: Natural Earth (public domain), 1:50 million, without what is too small to see.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { quantize } from "topojson-client";
import { presimplify, simplify } from "topojson-simplify";
import type { Plugin } from "vite";

/** Points are on a grid of so many steps each way, 0.06° wide. */
const GRID = 6_000;
/** Corners that enclose less than so many square degrees are left out. */
const SMALLEST_CORNER = 0.008;
const MODULE = "virtual:world";

/** Serves `virtual:world`, the address of the map as TopoJSON with the one object `countries`. */
export function world(): Plugin {
  let building = true;
  return {
    name: "world",
    configResolved(config) {
      building = config.command === "build";
    },
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load(id) {
      if (id !== `\0${MODULE}`) return undefined;
      if (!building) return `export default "/world.json"`;
      const file = this.emitFile({ type: "asset", name: "world.json", source: thinned() });
      return `export default import.meta.ROLLUP_FILE_URL_${file}`;
    },
    configureServer(server) {
      server.middlewares.use("/world.json", (_request, answer) => {
        answer.setHeader("content-type", "application/json");
        answer.end(thinned());
      });
    },
  };
}

function thinned(): string {
  const path = createRequire(import.meta.url).resolve("world-atlas/countries-50m.json");
  const atlas = JSON.parse(readFileSync(path, "utf8"));
  for (const country of atlas.objects.countries.geometries) {
    delete country.id;
    country.properties = { name: country.properties.name };
  }
  atlas.objects = { countries: atlas.objects.countries };
  return JSON.stringify(quantize(simplify(presimplify(atlas), SMALLEST_CORNER), GRID));
}
