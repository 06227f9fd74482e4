// The areas of intents as outlines.
import type { Point } from "@/api/types";
import { type CanvasView, type Colours, paintOutline } from "@/map";

export interface Area {
  id: string;
  ring: Point[];
}

export function paintAreas(
  context: CanvasRenderingContext2D,
  view: CanvasView,
  areas: Area[],
  selected: string | undefined,
  colours: Colours,
) {
  for (const { id, ring } of areas) {
    const chosen = id === selected;
    paintOutline(context, view, ring, {
      colour: chosen ? colours.accent : colours.info,
      fill: chosen ? 0.14 : 0.04,
      width: chosen ? 2.2 : 1.3,
      dash: chosen ? [] : [6, 4],
    });
  }
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
