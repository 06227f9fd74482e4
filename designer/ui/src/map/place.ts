// Where an entity is: its domain metadata say so, failing that an attribute of that name.
import type { Attribute, Element, GeoScope, Metadatum, Point } from "@/api/types";
import { centreOf, isPlace, mean } from "./geometry";
import { scopeOf, scopeProblems } from "./scope";

export interface Place {
  point: Point;
  /** When it is not at a point, but somewhere in an area. */
  area?: GeoScope;
}

const ATTRIBUTES = ["location", "position"];

export function placeOf(element: Element): Place | undefined {
  return ofMetadata(element.domainMetadata ?? []) ?? ofAttributes(element.attributes ?? []);
}

/** The metadatum named `location` counts, failing that the first of a geographic type, as for the brokers. */
function ofMetadata(metadata: Metadatum[]): Place | undefined {
  let first: Place | undefined;
  for (const metadatum of metadata) {
    const place = ofMetadatum(metadatum);
    if (place && metadatum.name.toLowerCase() === "location") return place;
    first ??= place;
  }
  return first;
}

function ofMetadatum({ type = "", value }: Metadatum): Place | undefined {
  const kind = type.toLowerCase();
  if (kind === "point") return ofPoint(value);
  if (kind === "circle" || kind === "polygon") return ofArea({ scopeType: kind, scopeValue: value });
  return ofGeometry(kind, value);
}

function ofAttributes(attributes: Attribute[]): Place | undefined {
  const named = ATTRIBUTES.map((name) => attributes.find((one) => one.name.toLowerCase() === name));
  for (const attribute of named) {
    if (!attribute) continue;
    const value = parsed(attribute.value);
    const place = ofGeometry((attribute.type ?? "").toLowerCase(), value) ?? ofPoint(value);
    if (place) return place;
  }
  return undefined;
}

function ofPoint(value: unknown): Place | undefined {
  if (!value || typeof value !== "object") return undefined;
  const { latitude, longitude } = value as Record<string, unknown>;
  return at(latitude, longitude);
}

/** NGSIv2's `geo:point` ("latitude, longitude") and GeoJSON, which NGSI-LD uses too. */
function ofGeometry(type: string, value: unknown): Place | undefined {
  if (type === "geo:point" && typeof value === "string") {
    const [latitude, longitude, ...more] = value.split(",");
    return more.length === 0 ? at(latitude, longitude) : undefined;
  }
  if (!value || typeof value !== "object") return undefined;
  const { type: shape, coordinates } = value as { type?: unknown; coordinates?: unknown };
  if (!Array.isArray(coordinates)) return undefined;
  if (shape === "Point") return at(coordinates[1], coordinates[0]);
  if (shape !== "Polygon" || !Array.isArray(coordinates[0])) return undefined;
  const vertices = (coordinates[0] as unknown[][]).map((pair) => ({
    latitude: pair?.[1],
    longitude: pair?.[0],
  }));
  return ofArea({ scopeType: "polygon", scopeValue: { vertices } });
}

function ofArea(written: unknown): Place | undefined {
  const area = scopeOf(written);
  if (!area || area.scopeType === "global" || Object.keys(scopeProblems(area)).length > 0) return undefined;
  if (area.scopeType === "circle") return { point: centreOf(area.scopeValue), area };
  return { point: mean(area.scopeValue.vertices), area };
}

function at(latitude: unknown, longitude: unknown): Place | undefined {
  const point = { latitude: coordinate(latitude), longitude: coordinate(longitude) };
  return isPlace(point) ? { point } : undefined;
}

function coordinate(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !value.trim().startsWith("{")) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const known = new WeakMap<Element, Place | null>();

/** The same, looked up once for each state of an entity. */
export function knownPlaceOf(element: Element): Place | undefined {
  let place = known.get(element);
  if (place === undefined) {
    place = placeOf(element) ?? null;
    known.set(element, place);
  }
  return place ?? undefined;
}
