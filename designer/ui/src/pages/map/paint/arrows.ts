// Flows as bent arrows; those between the same two marks are one arrow, thicker the more they are.
export interface Anchor {
  x: number;
  y: number;
  /** Arrows end at this distance. */
  radius: number;
}

export interface Arrow {
  from: Anchor;
  to: Anchor;
  /** The index of its colour. */
  shade: number;
  count: number;
}

/** How far an arrow bends to its right, as a part of its length. */
const BEND = 0.16;
const MAX_BEND_PX = 60;
const HEAD_PX = 9;
const MIN_LENGTH_PX = 4;

export function joined(arrows: Iterable<Omit<Arrow, "count">>): Arrow[] {
  const known = new Map<string, Arrow>();
  for (const arrow of arrows) {
    const { from, to, shade } = arrow;
    const key = [from.x, from.y, to.x, to.y, shade].map(Math.round).join(" ");
    const same = known.get(key);
    if (same) same.count += 1;
    else known.set(key, { ...arrow, count: 1 });
  }
  return [...known.values()];
}

export function paintArrows(context: CanvasRenderingContext2D, arrows: Arrow[], shades: string[]) {
  context.lineCap = "round";
  for (const arrow of arrows) {
    const curve = curveOf(arrow);
    if (!curve) continue;
    context.strokeStyle = shades[arrow.shade]!;
    context.fillStyle = shades[arrow.shade]!;
    context.lineWidth = Math.min(4, 1.4 + Math.log2(arrow.count) * 0.6);
    context.globalAlpha = 0.85;
    context.beginPath();
    context.moveTo(curve.start.x, curve.start.y);
    context.quadraticCurveTo(curve.bend.x, curve.bend.y, curve.end.x, curve.end.y);
    context.stroke();
    head(context, curve.end, curve.angle);
  }
  context.globalAlpha = 1;
}

export function curveOf({ from, to }: Pick<Arrow, "from" | "to">) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  if (length < from.radius + to.radius + MIN_LENGTH_PX) return undefined;
  const bent = Math.min(MAX_BEND_PX, length * BEND) / length;
  const bend = { x: (from.x + to.x) / 2 - dy * bent, y: (from.y + to.y) / 2 + dx * bent };
  const angle = Math.atan2(to.y - bend.y, to.x - bend.x);
  const out = Math.atan2(bend.y - from.y, bend.x - from.x);
  return {
    start: { x: from.x + Math.cos(out) * from.radius, y: from.y + Math.sin(out) * from.radius },
    end: { x: to.x - Math.cos(angle) * (to.radius + 2), y: to.y - Math.sin(angle) * (to.radius + 2) },
    bend,
    angle,
  };
}

function head(context: CanvasRenderingContext2D, tip: { x: number; y: number }, angle: number) {
  context.beginPath();
  context.moveTo(tip.x + Math.cos(angle) * 2, tip.y + Math.sin(angle) * 2);
  for (const side of [-1, 1]) {
    const turn = angle + Math.PI + side * 0.42;
    context.lineTo(tip.x + Math.cos(turn) * HEAD_PX, tip.y + Math.sin(turn) * HEAD_PX);
  }
  context.closePath();
  context.fill();
}
