// The offline base map: fetched once, when the first map is shown.

import worldUrl from "virtual:world";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import { mercatorX, mercatorY } from "./geometry";

/** A ring on the Mercator square: x and y in turn. */
export interface Ring {
  points: Float64Array;
  west: number;
  north: number;
  east: number;
  south: number;
}

export interface Country {
  name: string;
  rings: Ring[];
  /** Where its name is written: the middle of its largest part. */
  label: { x: number; y: number; width: number };
}

type Atlas = Topology<{ countries: GeometryCollection<{ name: string }> }>;

let loading: Promise<Country[]> | undefined;

export function loadWorld(): Promise<Country[]> {
  loading ??= fetchWorld().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function fetchWorld(): Promise<Country[]> {
  const answer = await fetch(worldUrl);
  if (!answer.ok) throw new Error(`The base map could not be loaded (${answer.status}).`);
  return countriesOf((await answer.json()) as Atlas);
}

export function countriesOf(atlas: Atlas): Country[] {
  const { features } = feature(atlas, atlas.objects.countries);
  return features.flatMap(({ geometry, properties }) => {
    const polygons =
      geometry?.type === "Polygon"
        ? [geometry.coordinates]
        : geometry?.type === "MultiPolygon"
          ? geometry.coordinates
          : [];
    const rings = polygons.flat().map(ringOf);
    return rings.length ? [{ name: properties.name, rings, label: labelOf(rings) }] : [];
  });
}

/** The ring on the Mercator square; where it crosses the antimeridian it goes on beyond the square. */
function ringOf(coordinates: number[][]): Ring {
  const flat: number[] = [];
  let turns = 0;
  let before = coordinates[0]?.[0] ?? 0;
  for (const [longitude = 0, latitude = 0] of coordinates) {
    if (longitude - before > 180) turns -= 1;
    if (longitude - before < -180) turns += 1;
    before = longitude;
    flat.push(mercatorX(longitude) + turns, mercatorY(latitude));
  }
  if (turns !== 0) aroundPole(flat);
  return bounded(Float64Array.from(flat));
}

/** A ring that goes round the Earth ends where the map ends. */
function aroundPole(flat: number[]) {
  const edge = flat[1]! > 0.5 ? 1 : 0;
  flat.push(flat.at(-2)!, edge, flat[0]!, edge);
}

function bounded(points: Float64Array): Ring {
  const ring = { points, west: 2, north: 1, east: -1, south: 0 };
  for (let at = 0; at < points.length; at += 2) {
    ring.west = Math.min(ring.west, points[at]!);
    ring.east = Math.max(ring.east, points[at]!);
    ring.north = Math.min(ring.north, points[at + 1]!);
    ring.south = Math.max(ring.south, points[at + 1]!);
  }
  return ring;
}

const size = (ring: Ring) => (ring.east - ring.west) * (ring.south - ring.north);

function labelOf(rings: Ring[]) {
  const largest = rings.reduce((best, ring) => (size(ring) > size(best) ? ring : best));
  const { x, y } = centroid(largest);
  return { x: ((x % 1) + 1) % 1, y, width: largest.east - largest.west };
}

function centroid({ points, west, east, north, south }: Ring) {
  let [area, x, y] = [0, 0, 0];
  for (let at = 0; at + 3 < points.length; at += 2) {
    const [x1, y1, x2, y2] = [points[at]!, points[at + 1]!, points[at + 2]!, points[at + 3]!];
    const cross = x1 * y2 - x2 * y1;
    area += cross;
    x += (x1 + x2) * cross;
    y += (y1 + y2) * cross;
  }
  if (Math.abs(area) < 1e-12) return { x: (west + east) / 2, y: (north + south) / 2 };
  return { x: x / (3 * area), y: y / (3 * area) };
}
