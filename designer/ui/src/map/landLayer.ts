// Land and borders, drawn into tiles so that moving the map costs nothing.
import L from "leaflet";
import type { Colours } from "./colours";
import { latitudeOf, mercatorY } from "./geometry";
import type { Country, Ring } from "./world";

const TILE = 512;
/** Beyond the edge of a tile that is drawn too, so that no border shows where an outline was cut. */
const MARGIN = 4;

export class LandLayer extends L.GridLayer {
  constructor(
    private readonly countries: Country[],
    private colours: Colours,
  ) {
    super({ tileSize: TILE, updateWhenZooming: false, keepBuffer: 3 });
  }

  setColours(colours: Colours) {
    if (colours === this.colours) return;
    this.colours = colours;
    this.redraw();
  }

  protected override createTile(coords: L.Coords): HTMLElement {
    const tile = document.createElement("canvas");
    const ratio = devicePixelRatio || 1;
    tile.width = TILE * ratio;
    tile.height = TILE * ratio;
    const context = tile.getContext("2d");
    if (!context) return tile;
    context.scale(ratio, ratio);
    const side = 256 * 2 ** coords.z;
    this.draw(context, side, coords.x * TILE, coords.y * TILE);
    return tile;
  }

  private draw(context: CanvasRenderingContext2D, side: number, left: number, top: number) {
    const land = this.outlines(side, left, top);
    context.fillStyle = this.colours.surface;
    context.fill(land, "evenodd");
    context.globalAlpha = 0.7;
    graticule(context, this.colours, side, left, top);
    context.globalAlpha = 0.45;
    context.strokeStyle = this.colours["line-strong"];
    context.lineWidth = 0.8;
    context.stroke(land);
  }

  /** The outlines that touch the tile, also those that cross the antimeridian from the other side. */
  private outlines(side: number, left: number, top: number): Path2D {
    const path = new Path2D();
    for (const ring of this.countries.flatMap((country) => country.rings)) {
      for (const turn of [-1, 0, 1]) {
        const from = left - turn * side;
        if (!touches(ring, side, from, top)) continue;
        const points = clipped(flat(ring, side, from, top), BOX);
        if (points.length >= 6) trace(path, points);
      }
    }
    return path;
  }
}

type Box = readonly [left: number, top: number, right: number, bottom: number];
const BOX: Box = [-MARGIN, -MARGIN, TILE + MARGIN, TILE + MARGIN];

const touches = ({ west, east, north, south }: Ring, side: number, left: number, top: number) =>
  east * side - left >= BOX[0] &&
  west * side - left <= BOX[2] &&
  south * side - top >= BOX[1] &&
  north * side - top <= BOX[3];

/** The ring in pixels of the tile, without points that fall on the same half pixel. */
function flat({ points }: Ring, side: number, left: number, top: number): number[] {
  const out: number[] = [];
  let [lastX, lastY] = [Number.NaN, Number.NaN];
  for (let at = 0; at < points.length; at += 2) {
    const x = points[at]! * side - left;
    const y = points[at + 1]! * side - top;
    if (Math.abs(x - lastX) < 0.5 && Math.abs(y - lastY) < 0.5) continue;
    out.push(x, y);
    [lastX, lastY] = [x, y];
  }
  return out;
}

/** Sutherland and Hodgman's clipping of a polygon at the four edges of a box. */
export function clipped(points: number[], box: Box): number[] {
  let out = points;
  for (const [index, bound] of box.entries()) {
    const axis = index % 2;
    const sign = index < 2 ? 1 : -1;
    out = cut(out, axis, sign, bound);
    if (out.length === 0) break;
  }
  return out;
}

function cut(points: number[], axis: number, sign: number, bound: number): number[] {
  const out: number[] = [];
  const count = points.length;
  for (let at = 0; at < count; at += 2) {
    const before = (at + count - 2) % count;
    const now = (points[at + axis]! - bound) * sign;
    const last = (points[before + axis]! - bound) * sign;
    if (now >= 0 !== last >= 0) {
      const part = last / (last - now);
      out.push(
        points[before]! + (points[at]! - points[before]!) * part,
        points[before + 1]! + (points[at + 1]! - points[before + 1]!) * part,
      );
    }
    if (now >= 0) out.push(points[at]!, points[at + 1]!);
  }
  return out;
}

function trace(path: Path2D, points: number[]) {
  path.moveTo(points[0]!, points[1]!);
  for (let at = 2; at < points.length; at += 2) path.lineTo(points[at]!, points[at + 1]!);
  path.closePath();
}

const STEPS = [30, 10, 5, 1, 0.5, 0.1, 0.05, 0.01, 0.005, 0.001, 0.0005];
/** Lines of the graticule are at least so far apart. */
const MIN_GAP = 90;

/** Degrees between two lines of the graticule. */
export function graticuleStep(side: number): number {
  return STEPS.findLast((step) => (step * side) / 360 >= MIN_GAP) ?? 30;
}

function graticule(
  context: CanvasRenderingContext2D,
  colours: Colours,
  side: number,
  left: number,
  top: number,
) {
  const step = graticuleStep(side);
  const degree = side / 360;
  context.strokeStyle = colours.line;
  context.lineWidth = 0.6;
  context.beginPath();
  const first = Math.floor((left / degree - 180) / step);
  for (let line = first; (line * step + 180) * degree <= left + TILE; line++) {
    const x = Math.round((line * step + 180) * degree - left) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, TILE);
  }
  const latitude = (y: number) => latitudeOf(y / side);
  const south = Math.floor(latitude(top + TILE) / step);
  for (let line = south; line * step <= latitude(top); line++) {
    const y = Math.round(mercatorY(line * step) * side - top) + 0.5;
    context.moveTo(0, y);
    context.lineTo(TILE, y);
  }
  context.stroke();
}
