// An entity that moved glides to its new place.
import type { Point } from "@/api/types";

const GLIDE_MS = 700;
/** Further than this, in degrees, it jumps. */
const FAR = 20;

interface Glide {
  from: Point;
  to: Point;
  start: number;
}

export class Motion {
  private readonly glides = new Map<string, Glide>();
  private readonly last = new Map<string, Point>();
  private end = 0;

  constructor(private readonly still: boolean) {}

  /** Says where something is now; whether it moved. */
  set(id: string, to: Point, now: number): boolean {
    const before = this.last.get(id);
    if (before && before.latitude === to.latitude && before.longitude === to.longitude) return false;
    this.last.set(id, to);
    if (!before) return true;
    const from = this.at(id, now) ?? before;
    if (this.still || Math.hypot(to.latitude - from.latitude, to.longitude - from.longitude) > FAR) {
      this.glides.delete(id);
    } else {
      this.glides.set(id, { from, to, start: now });
      this.end = now + GLIDE_MS;
    }
    return true;
  }

  forget(id: string) {
    this.last.delete(id);
    this.glides.delete(id);
  }

  get known(): Iterable<string> {
    return this.last.keys();
  }

  get size(): number {
    return this.last.size;
  }

  /** Where something that moves is at this moment; undefined when it rests. */
  private at(id: string, now: number): Point | undefined {
    const glide = this.glides.get(id);
    if (!glide) return undefined;
    const part = (now - glide.start) / GLIDE_MS;
    if (part >= 1) {
      this.glides.delete(id);
      return undefined;
    }
    const eased = part < 0 ? 0 : 1 - (1 - part) ** 2;
    return {
      latitude: glide.from.latitude + (glide.to.latitude - glide.from.latitude) * eased,
      longitude: glide.from.longitude + (glide.to.longitude - glide.from.longitude) * eased,
    };
  }

  /** Where something was last said to be. */
  latest(id: string): Point | undefined {
    return this.last.get(id);
  }

  /** Where something is to be drawn. */
  now(id: string, now: number): Point | undefined {
    return this.at(id, now) ?? this.last.get(id);
  }

  /** Whether anything moves; forgets what arrived. */
  moving(now: number): boolean {
    if (this.glides.size > 0 && now >= this.end) this.glides.clear();
    return this.glides.size > 0;
  }
}
