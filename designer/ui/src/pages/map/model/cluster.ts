// What is near each other at a zoom becomes one mark.
import Supercluster, { type PointFeature } from "supercluster";
import type { Point } from "@/api/types";
import { type Located, PALETTE } from "./entities";
import type { Site } from "./sites";

/** The zoom of the map that shows most. */
const MAX_ZOOM = 18;
/** The side of the map's tiles, in which radii are measured. */
const TILE = 256;
const ENTITY_RADIUS = 38;
const SITE_RADIUS = 58;
/** So many entities at the very same place are drawn around it one by one. */
const MAX_FAN = 8;
const FAN_PX = 9;

export interface EntityMark {
  kind: "entity";
  id: string;
  type: string;
  at: Point;
  /** From the place, when several share it. */
  shift: { x: number; y: number };
}

export interface ClusterMark {
  kind: "cluster";
  at: Point;
  /** How many entities of each colour. */
  counts: number[];
  count: number;
  cluster: number;
}

export interface SiteMark {
  kind: "site";
  at: Point;
  sites: Site[];
  cluster?: number;
}

export type Bounds = [west: number, south: number, east: number, north: number];
type Counts = Record<`c${number}`, number>;

const pointOf = ([longitude = 0, latitude = 0]: number[]): Point => ({ latitude, longitude });
const NO_SHIFT = { x: 0, y: 0 };

export class EntityIndex {
  private readonly index: Supercluster<{ at: number }, Counts>;

  constructor(
    private readonly entities: Located[],
    colour: (type: string) => number,
  ) {
    this.index = new Supercluster<{ at: number }, Counts>({
      radius: ENTITY_RADIUS,
      maxZoom: MAX_ZOOM,
      extent: TILE,
      minPoints: 2,
      map: ({ at }) => ({ [`c${colour(entities[at]!.type)}`]: 1 }) as Counts,
      reduce: (sum, one) => {
        for (const name of Object.keys(one) as (keyof Counts)[]) sum[name] = (sum[name] ?? 0) + one[name]!;
      },
    }).load(entities.map(({ point }, at) => feature(point, { at })));
  }

  marks(bounds: Bounds, zoom: number): (EntityMark | ClusterMark)[] {
    return this.index.getClusters(bounds, zoom).flatMap((found) => {
      const at = pointOf(found.geometry.coordinates);
      if (!("cluster" in found.properties)) return this.entityMark(found.properties.at, at, NO_SHIFT);
      const { cluster_id: cluster, point_count: count } = found.properties;
      if (count <= MAX_FAN && !this.splits(cluster)) return this.fan(cluster, at);
      const sums: Counts = found.properties;
      const counts = Array.from({ length: PALETTE }, (_, index) => sums[`c${index}`] ?? 0);
      return { kind: "cluster" as const, at, count, counts, cluster };
    });
  }

  /** The zoom at which a cluster falls apart; undefined when it never does. */
  splitsAt(cluster: number): number | undefined {
    const zoom = this.index.getClusterExpansionZoom(cluster);
    return zoom <= MAX_ZOOM ? zoom : undefined;
  }

  members(cluster: number): string[] {
    return this.leaves(cluster).map((at) => this.entities[at]!.id);
  }

  private splits(cluster: number) {
    return this.splitsAt(cluster) !== undefined;
  }

  private leaves(cluster: number): number[] {
    return this.index
      .getLeaves(cluster, Number.POSITIVE_INFINITY)
      .map(({ properties }) => properties.at)
      .sort((one, other) => one - other);
  }

  private fan(cluster: number, at: Point): EntityMark[] {
    const leaves = this.leaves(cluster);
    return leaves.map((leaf, index) => this.entityMark(leaf, at, around(index, leaves.length, FAN_PX)));
  }

  private entityMark(leaf: number, at: Point, shift: EntityMark["shift"]): EntityMark {
    const { id, type } = this.entities[leaf]!;
    return { kind: "entity", id, type, at, shift };
  }
}

export class SiteIndex {
  private readonly index: Supercluster<{ at: number }>;

  constructor(private readonly sites: Site[]) {
    this.index = new Supercluster<{ at: number }>({
      radius: SITE_RADIUS,
      maxZoom: MAX_ZOOM,
      extent: TILE,
    }).load(sites.map(({ point }, at) => feature(point, { at })));
  }

  marks(bounds: Bounds, zoom: number): SiteMark[] {
    return this.index.getClusters(bounds, zoom).map((found) => {
      const at = pointOf(found.geometry.coordinates);
      if (!("cluster" in found.properties))
        return { kind: "site", at, sites: [this.sites[found.properties.at]!] };
      const cluster = found.properties.cluster_id;
      const leaves = this.index.getLeaves(cluster, Number.POSITIVE_INFINITY);
      return { kind: "site", at, sites: leaves.map((leaf) => this.sites[leaf.properties.at]!), cluster };
    });
  }

  splitsAt(cluster: number): number | undefined {
    const zoom = this.index.getClusterExpansionZoom(cluster);
    return zoom <= MAX_ZOOM ? zoom : undefined;
  }
}

function feature(point: Point, properties: { at: number }): PointFeature<{ at: number }> {
  const coordinates = [point.longitude, point.latitude];
  return { type: "Feature", properties, geometry: { type: "Point", coordinates } };
}

/** The place of one among several that stand in a circle, beginning at the top. */
export function around(index: number, count: number, radius: number): { x: number; y: number } {
  const angle = (index / count) * 2 * Math.PI - Math.PI / 2;
  return { x: Math.cos(angle) * radius, y: Math.sin(angle) * radius };
}
