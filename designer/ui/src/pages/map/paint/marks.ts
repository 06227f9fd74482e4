// How things look on the map.
import type { Instance } from "@/api/types";
import type { Colours } from "@/map";
import { around, type ClusterMark, type SiteMark } from "../model/cluster";
import { statusColour, statuses } from "./palette";

export const ENTITY_PX = 5.5;
const NODE_PX = 11;
const RING_PX = 20;
export const DOT_PX = 4.5;
const FAN_PX = 24;
/** So many task instances are drawn one by one around their worker. */
const MAX_DOTS = 16;

type Context = CanvasRenderingContext2D;

export function paintEntity(context: Context, x: number, y: number, fill: string, edge: string) {
  context.beginPath();
  context.arc(x, y, ENTITY_PX, 0, Math.PI * 2);
  context.fillStyle = fill;
  context.fill();
  context.strokeStyle = edge;
  context.lineWidth = 1.5;
  context.stroke();
}

export const clusterRadius = (count: number) => 13 + Math.min(13, Math.log2(count) * 1.3);

export function paintCluster(
  context: Context,
  x: number,
  y: number,
  { count, counts }: ClusterMark,
  shade: string[],
  colours: Colours,
) {
  const radius = clusterRadius(count);
  disc(context, x, y, radius, colours.surface);
  ring(context, x, y, radius - 2, 4, counts, shade);
  label(context, short(count), x, y, colours, 600);
}

/** A part of a ring for each share, clockwise from the top. */
function ring(
  context: Context,
  x: number,
  y: number,
  radius: number,
  width: number,
  shares: number[],
  shade: string[],
) {
  const all = shares.reduce((sum, share) => sum + share, 0);
  let from = -Math.PI / 2;
  context.lineWidth = width;
  for (const [index, share] of shares.entries()) {
    if (share === 0) continue;
    const to = from + (share / all) * Math.PI * 2;
    context.beginPath();
    context.arc(x, y, radius, from, to);
    context.strokeStyle = shade[index]!;
    context.stroke();
    from = to;
  }
}

function disc(context: Context, x: number, y: number, radius: number, fill: string) {
  context.beginPath();
  context.arc(x, y, radius, 0, Math.PI * 2);
  context.fillStyle = fill;
  context.fill();
}

function label(context: Context, text: string, x: number, y: number, colours: Colours, weight = 500) {
  context.font = `${weight} 11px ${colours.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = colours.ink;
  context.fillText(text, x, y + 0.5);
}

const short = (count: number) => (count < 1_000 ? String(count) : `${Math.round(count / 100) / 10}k`);

export interface Dot {
  instance: Instance;
  x: number;
  y: number;
}

/** Where the task instances of a site are drawn; none when they are too many and a ring tells how many. */
export function dotsOf({ sites, cluster }: SiteMark, x: number, y: number): Dot[] {
  const instances = sites.flatMap((site) => site.instances);
  if (cluster !== undefined || instances.length > MAX_DOTS) return [];
  const radius = Math.max(FAN_PX, (instances.length * (DOT_PX * 2 + 3)) / (2 * Math.PI));
  return instances.map((instance, index) => {
    const shift = around(index, instances.length, radius);
    return { instance, x: x + shift.x, y: y + shift.y };
  });
}

export const siteRadius = (ringed: boolean) => (ringed ? RING_PX + 4 : NODE_PX + 3);

export function paintSite(
  context: Context,
  x: number,
  y: number,
  mark: SiteMark,
  dots: Dot[],
  colours: Colours,
) {
  const workers = mark.sites.flatMap((site) => site.workers);
  const brokers = mark.sites.flatMap((site) => site.brokers);
  const instances = mark.sites.flatMap((site) => site.instances);
  if (instances.length > 0 && dots.length === 0) paintRing(context, x, y, instances, colours);
  for (const dot of dots) paintDot(context, x, y, dot, colours);
  if (workers.length > 0) {
    const away = workers.every((worker) => worker.state !== "ready");
    square(context, x, y, colours, away);
    if (workers.length > 1) label(context, short(workers.length), x, y, colours, 650);
    else bars(context, x, y, away ? colours.soft : colours.ink);
  }
  if (brokers.length > 0) {
    const beside = workers.length > 0 ? NODE_PX : 0;
    const silent = brokers.every((broker) => broker.state !== "ready");
    diamond(
      context,
      x + beside,
      y - beside,
      workers.length > 0 ? 6.5 : 9,
      silent ? colours.warn : colours.info,
      colours,
    );
  }
}

function paintRing(context: Context, x: number, y: number, instances: Instance[], colours: Colours) {
  disc(context, x, y, RING_PX + 4, colours.surface);
  const counts = statuses.map((status) => instances.filter((one) => one.Status === status).length);
  const shade = statuses.map((status) => statusColour(colours, status));
  ring(context, x, y, RING_PX, 5, counts, shade);
  const text = short(instances.length);
  context.font = `650 10.5px ${colours.font}`;
  const half = context.measureText(text).width / 2 + 5;
  context.beginPath();
  context.roundRect(x - half, y + RING_PX - 6, half * 2, 15, 7.5);
  context.fillStyle = colours.surface;
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = colours["line-strong"];
  context.stroke();
  label(context, text, x, y + RING_PX + 1.5, colours, 650);
}

function paintDot(context: Context, x: number, y: number, dot: Dot, colours: Colours) {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(dot.x, dot.y);
  context.strokeStyle = colours["line-strong"];
  context.lineWidth = 1;
  context.stroke();
  disc(context, dot.x, dot.y, DOT_PX + 1.5, colours.surface);
  disc(context, dot.x, dot.y, DOT_PX, statusColour(colours, dot.instance.Status));
}

function square(context: Context, x: number, y: number, colours: Colours, away: boolean) {
  context.beginPath();
  context.roundRect(x - NODE_PX, y - NODE_PX, NODE_PX * 2, NODE_PX * 2, 5);
  context.fillStyle = colours.raised;
  context.fill();
  context.strokeStyle = away ? colours.warn : colours.ink;
  context.lineWidth = 1.8;
  context.setLineDash(away ? [3, 2.5] : []);
  context.stroke();
  context.setLineDash([]);
}

function bars(context: Context, x: number, y: number, colour: string) {
  context.strokeStyle = colour;
  context.lineWidth = 1.6;
  context.beginPath();
  for (const row of [-4, 0, 4]) {
    context.moveTo(x - 5, y + row);
    context.lineTo(x + 2, y + row);
    context.moveTo(x + 4, y + row);
    context.lineTo(x + 5, y + row);
  }
  context.stroke();
}

function diamond(context: Context, x: number, y: number, radius: number, fill: string, colours: Colours) {
  context.beginPath();
  context.moveTo(x, y - radius);
  context.lineTo(x + radius, y);
  context.lineTo(x, y + radius);
  context.lineTo(x - radius, y);
  context.closePath();
  context.fillStyle = fill;
  context.fill();
  context.strokeStyle = colours.surface;
  context.lineWidth = 1.8;
  context.stroke();
}

export function paintHalo(context: Context, x: number, y: number, radius: number, colours: Colours) {
  context.beginPath();
  context.arc(x, y, radius + 5, 0, Math.PI * 2);
  context.globalAlpha = 0.25;
  context.fillStyle = colours.accent;
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 2;
  context.strokeStyle = colours.accent;
  context.stroke();
}
