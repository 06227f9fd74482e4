// Where the marks come to lie on the canvas.
import type { Point } from "@/api/types";
import type { CanvasView } from "@/map";
import type { ClusterMark, EntityMark, SiteMark } from "../model/cluster";
import { clusterRadius, type Dot, dotsOf, siteRadius } from "./marks";

export interface Placed {
  mark: EntityMark | ClusterMark;
  x: number;
  y: number;
}

export interface Node {
  mark: SiteMark;
  x: number;
  y: number;
  radius: number;
  /** Its task instances, when they are drawn one by one. */
  dots: Dot[];
}

export function nodeOf(mark: SiteMark, view: CanvasView): Node {
  const [x, y] = [view.x(mark.at.longitude), view.y(mark.at.latitude)];
  const dots = dotsOf(mark, x, y);
  const ringed = dots.length === 0 && mark.sites.some((site) => site.instances.length > 0);
  return { mark, x, y, dots, radius: siteRadius(ringed) };
}

const GAP_PX = 2;
/** How far the task instances around a node reach. */
const FANNED_PX = 31;
/** Where a cluster goes that is right under a node: to the lower right. */
const ASIDE = { x: Math.SQRT1_2, y: Math.SQRT1_2 };

/** A cluster of entities that a node would cover moves to its side; what is one entity stays where it is. */
export function beside(placed: Placed, nodes: Node[]): Placed {
  const { mark, x, y } = placed;
  if (mark.kind === "entity") return placed;
  for (const node of nodes) {
    const [dx, dy] = [x - node.x, y - node.y];
    const far = Math.hypot(dx, dy);
    const least = (node.dots.length > 0 ? FANNED_PX : node.radius) + clusterRadius(mark.count) + GAP_PX;
    if (far >= least) continue;
    const way = far < 1 ? ASIDE : { x: dx / far, y: dy / far };
    return { mark, x: node.x + way.x * least, y: node.y + way.y * least };
  }
  return placed;
}

const EDGE_PX = 6;

/** Whether a place of the canvas is on the outline of an area. */
export function isNearEdge(ring: Point[], view: CanvasView, x: number, y: number): boolean {
  return ring.some((from, index) => {
    const to = ring[(index + 1) % ring.length]!;
    const [ax, ay] = [view.x(from.longitude) - x, view.y(from.latitude) - y];
    const [bx, by] = [view.x(to.longitude) - x - ax, view.y(to.latitude) - y - ay];
    const part = Math.max(0, Math.min(1, -(ax * bx + ay * by) / (bx * bx + by * by || 1)));
    return Math.hypot(ax + part * bx, ay + part * by) <= EDGE_PX;
  });
}
