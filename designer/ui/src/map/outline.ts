// The outline of an area, as it is drawn on a canvas.
import type { Point } from "@/api/types";
import type { View } from "./canvasLayer";

interface OutlineStyle {
  colour: string;
  /** Opacity of what is inside. */
  fill?: number;
  dash?: number[];
  width?: number;
  /** While it is being drawn its last corner is not yet joined to the first. */
  open?: boolean;
}

export function paintOutline(
  context: CanvasRenderingContext2D,
  view: View,
  ring: readonly Point[],
  { colour, fill = 0, dash = [], width = 1.6, open = false }: OutlineStyle,
) {
  if (ring.length < 2) return;
  context.save();
  context.beginPath();
  for (const [index, { latitude, longitude }] of ring.entries()) {
    if (index === 0) context.moveTo(view.x(longitude), view.y(latitude));
    else context.lineTo(view.x(longitude), view.y(latitude));
  }
  if (!open) context.closePath();
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash(dash);
  if (fill > 0) {
    context.globalAlpha = fill;
    context.fill();
    context.globalAlpha = 1;
  }
  context.stroke();
  context.restore();
}
