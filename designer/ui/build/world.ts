// The land and borders of the offline map: Natural Earth (public domain), 1:50 million, thinned to a grid of 0.04°.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { quantize } from "topojson-client";
import type { Plugin } from "vite";

const GRID = 10_000;
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
  const { countries } = atlas.objects;
  return JSON.stringify(quantize({ ...unquantized(atlas), objects: { countries } }, GRID));
}

interface Quantized {
  arcs: [number, number][][];
  transform: { scale: [number, number]; translate: [number, number] };
}

function unquantized<T extends Quantized>(atlas: T) {
  const { transform, arcs, ...rest } = atlas;
  const [scaleX, scaleY] = transform.scale;
  const [originX, originY] = transform.translate;
  const absolute = arcs.map((arc) => {
    let [x, y] = [0, 0];
    return arc.map(([dx, dy]) => {
      x += dx;
      y += dy;
      return [x * scaleX + originX, y * scaleY + originY];
    });
  });
  return { ...rest, arcs: absolute } as never as { type: "Topology"; arcs: number[][][]; bbox: number[] } & T;
}
