// Where an intent applies: what is wrong with it, and how it is said in words.
import type { GeoScope, Point } from "@/api/types";
import { rounded } from "./geometry";

export const MAX_VERTICES = 10_000;
export const EVERYWHERE: GeoScope = { scopeType: "global", scopeValue: "global" };

export type ScopeType = GeoScope["scopeType"];

/** The path of a member in a scope, such as `scopeValue.radius`, and what is wrong with it. */
export type ScopeProblems = Record<string, string>;

export function emptyScope(type: ScopeType): GeoScope {
  if (type === "circle") {
    const nowhere = { centerLatitude: Number.NaN, centerLongitude: Number.NaN, radius: Number.NaN };
    return { scopeType: "circle", scopeValue: nowhere };
  }
  if (type === "polygon") return { scopeType: "polygon", scopeValue: { vertices: [] } };
  return EVERYWHERE;
}

export function latitudeProblem(value: number): string | undefined {
  return Math.abs(value) <= 90 ? undefined : "The latitude is a number from -90 to 90.";
}

export function longitudeProblem(value: number): string | undefined {
  return Math.abs(value) <= 180 ? undefined : "The longitude is a number from -180 to 180.";
}

/** What keeps the scope from being used; empty when nothing does. */
export function scopeProblems(scope: GeoScope): ScopeProblems {
  const problems: ScopeProblems = {};
  const note = (path: string, problem: string | undefined) => {
    if (problem) problems[path] = problem;
  };
  if (scope.scopeType === "circle") {
    const { centerLatitude, centerLongitude, radius } = scope.scopeValue;
    note("scopeValue.centerLatitude", latitudeProblem(centerLatitude));
    note("scopeValue.centerLongitude", longitudeProblem(centerLongitude));
    note(
      "scopeValue.radius",
      radius > 0 && Number.isFinite(radius) ? undefined : "The radius is more than 0 m.",
    );
  }
  if (scope.scopeType === "polygon") {
    const { vertices } = scope.scopeValue;
    note("scopeValue.vertices", countProblem(vertices.length));
    for (const [index, vertex] of vertices.entries()) {
      note(`scopeValue.vertices[${index}].latitude`, latitudeProblem(vertex.latitude));
      note(`scopeValue.vertices[${index}].longitude`, longitudeProblem(vertex.longitude));
    }
  }
  return problems;
}

function countProblem(count: number): string | undefined {
  if (count < 3) return `A polygon has at least 3 corners, this one has ${count}.`;
  return count > MAX_VERTICES ? `A polygon has at most ${MAX_VERTICES} corners.` : undefined;
}

/** The scope in a document, whatever its writer called the members; undefined when it is of another kind. */
export function scopeOf(value: unknown): GeoScope | undefined {
  if (!value || typeof value !== "object") return EVERYWHERE;
  const written = value as Record<string, unknown>;
  const type = String(written.scopeType ?? written.type ?? "").toLowerCase();
  const inner = (written.scopeValue ?? written.value) as Record<string, unknown> | undefined;
  if (["", "global", "local"].includes(type)) return EVERYWHERE;
  if (type === "circle" && inner && typeof inner === "object") return writtenCircle(inner);
  if (type === "polygon" && Array.isArray(inner?.vertices)) {
    const vertices = (inner.vertices as unknown[]).map(pointOf);
    return { scopeType: "polygon", scopeValue: { vertices } };
  }
  return undefined;
}

/** A circle drawn around a place; whole metres. */
export const circleOf = (centre: Point, radius: number): GeoScope => ({
  scopeType: "circle",
  scopeValue: {
    centerLatitude: centre.latitude,
    centerLongitude: centre.longitude,
    radius: Math.max(1, Math.round(radius)),
  },
});

export const polygonOf = (vertices: Point[]): GeoScope => ({
  scopeType: "polygon",
  scopeValue: { vertices },
});

const number = (value: unknown) => (typeof value === "number" ? value : Number.NaN);

function writtenCircle(value: Record<string, unknown>): GeoScope {
  const { centerLatitude, centerLongitude, radius } = value;
  return {
    scopeType: "circle",
    scopeValue: {
      centerLatitude: number(centerLatitude),
      centerLongitude: number(centerLongitude),
      radius: number(radius),
    },
  };
}

function pointOf(value: unknown): Point {
  const { latitude, longitude } = (value ?? {}) as Record<string, unknown>;
  return { latitude: number(latitude), longitude: number(longitude) };
}

/** `850 m`, `12.5 km`. */
export function metres(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value < 1_000 ? `${Math.round(value)} m` : `${Number((value / 1_000).toPrecision(3))} km`;
}

export const coordinates = ({ latitude, longitude }: Point) => `${short(latitude)}, ${short(longitude)}`;

const short = (value: number) => (Number.isFinite(value) ? String(Number(rounded(value).toFixed(4))) : "?");

/** Where, in a few words. */
export function scopeText(scope: GeoScope | undefined): string {
  if (scope?.scopeType === "circle") {
    const { centerLatitude: latitude, centerLongitude: longitude, radius } = scope.scopeValue;
    return `within ${metres(radius)} of ${coordinates({ latitude, longitude })}`;
  }
  if (scope?.scopeType === "polygon") return `in a polygon of ${scope.scopeValue.vertices.length} corners`;
  return "everywhere";
}
