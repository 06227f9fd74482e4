// Where the marks come to lie on the canvas.
import type { CanvasView } from "@/map";
import type { ClusterMark, EntityMark, SiteMark } from "../model/cluster";
import type { Anchor } from "./arrows";
import { clusterRadius, DOT_PX, type Dot, dotsOf, ENTITY_PX, siteRadius } from "./marks";

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

/** Where the arrows of each thing begin and end; `membersOf` tells what a cluster holds. */
export function anchorsOf(
  placed: Placed[],
  nodes: Node[],
  membersOf: (cluster: number) => string[],
): Map<string, Anchor> {
  const anchors = new Map<string, Anchor>();
  for (const { mark, x, y } of placed) {
    if (mark.kind === "entity") anchors.set(mark.id, { x, y, radius: ENTITY_PX });
    else {
      const anchor = { x, y, radius: clusterRadius(mark.count) };
      for (const id of membersOf(mark.cluster)) anchors.set(id, anchor);
    }
  }
  for (const { mark, x, y, dots, radius } of nodes) {
    const anchor = { x, y, radius };
    for (const { instances } of mark.sites) for (const { ID } of instances) anchors.set(ID, anchor);
    for (const dot of dots) anchors.set(dot.instance.ID, { x: dot.x, y: dot.y, radius: DOT_PX });
  }
  return anchors;
}
