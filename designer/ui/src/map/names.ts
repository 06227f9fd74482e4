// The names of countries, where there is room for them.
import type { View } from "./canvasLayer";
import type { Colours } from "./colours";
import type { Country } from "./world";

const LINE = 16;
/** From here on a country is larger than the view. */
const MAX_ZOOM = 9;

export function paintNames(
  context: CanvasRenderingContext2D,
  view: View,
  countries: Country[],
  colours: Colours,
) {
  if (view.zoom > MAX_ZOOM) return;
  context.font = `500 11px ${colours.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = colours.surface;
  context.fillStyle = colours.soft;
  const taken: { x: number; y: number; half: number }[] = [];
  for (const { name, label } of countries) {
    const x = label.x * view.scale - view.left;
    const y = label.y * view.scale - view.top;
    if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
    const half = context.measureText(name).width / 2 + 4;
    if (label.width * view.scale < half * 1.7) continue;
    if (taken.some((other) => Math.abs(other.y - y) < LINE && Math.abs(other.x - x) < other.half + half))
      continue;
    taken.push({ x, y, half });
    context.strokeText(name, x, y);
    context.fillText(name, x, y);
  }
}
