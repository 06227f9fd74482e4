// Places on Earth: degrees, metres, and the flat map they are drawn on.
import type { GeoScope, Point } from "@/api/types";

export const EARTH_RADIUS_M = 6_371_008.8;
/** Web Mercator ends here. */
export const MAX_LATITUDE = 85.0511287798;
const RING_POINTS = 96;
const radians = (degrees: number) => (degrees * Math.PI) / 180;
const degrees = (angle: number) => (angle * 180) / Math.PI;

/** On the square that Web Mercator makes of the Earth, 0 to 1 eastwards. */
export const mercatorX = (longitude: number) => longitude / 360 + 0.5;

/** On the square that Web Mercator makes of the Earth, 0 to 1 southwards. */
export function mercatorY(latitude: number): number {
  const sine = Math.sin(radians(Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, latitude))));
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

/** The latitude of a place on that square. */
export const latitudeOf = (y: number) => degrees(Math.atan(Math.sinh(Math.PI * (1 - 2 * y))));

/** The great-circle distance. */
export function distanceM(from: Point, to: Point): number {
  const [latitude, other] = [radians(from.latitude), radians(to.latitude)];
  const north = Math.sin((other - latitude) / 2) ** 2;
  const east = Math.sin(radians(to.longitude - from.longitude) / 2) ** 2;
  return (
    2 *
    EARTH_RADIUS_M *
    Math.asin(Math.min(1, Math.sqrt(north + Math.cos(latitude) * Math.cos(other) * east)))
  );
}

/** Where one is after going so far in a direction, which is counted clockwise from north. */
export function destination(from: Point, metres: number, bearing: number): Point {
  const angle = metres / EARTH_RADIUS_M;
  const latitude = radians(from.latitude);
  const turn = radians(bearing);
  const sine = Math.sin(latitude) * Math.cos(angle) + Math.cos(latitude) * Math.sin(angle) * Math.cos(turn);
  const east = Math.atan2(
    Math.sin(turn) * Math.sin(angle) * Math.cos(latitude),
    Math.cos(angle) - Math.sin(latitude) * sine,
  );
  return {
    latitude: degrees(Math.asin(Math.max(-1, Math.min(1, sine)))),
    longitude: from.longitude + degrees(east),
  };
}

type Circle = Extract<GeoScope, { scopeType: "circle" }>["scopeValue"];

export const centreOf = (circle: Circle): Point => ({
  latitude: circle.centerLatitude,
  longitude: circle.centerLongitude,
});

/** The outline of a scope; nothing when it is everywhere or not finished. */
export function ringOf(scope: GeoScope): Point[] {
  if (scope.scopeType === "polygon") return scope.scopeValue.vertices.filter(isPlace);
  if (scope.scopeType !== "circle") return [];
  const centre = centreOf(scope.scopeValue);
  const radius = scope.scopeValue.radius;
  if (!isPlace(centre) || !(radius > 0)) return [];
  return Array.from({ length: RING_POINTS }, (_, at) =>
    destination(centre, Math.min(radius, EARTH_RADIUS_M * 1.5), (at * 360) / RING_POINTS),
  );
}

/** The middle of a scope; undefined when it is everywhere or not finished. */
export function placedCentre(scope: GeoScope | undefined): Point | undefined {
  const ring = scope ? ringOf(scope) : [];
  if (scope?.scopeType === "circle" && ring.length > 0) return centreOf(scope.scopeValue);
  return ring.length > 0 ? mean(ring) : undefined;
}

/** The mean of the corners, as the brokers see it. */
export function mean(points: readonly Point[]): Point {
  const total = { latitude: 0, longitude: 0 };
  for (const { latitude, longitude } of points) {
    total.latitude += latitude;
    total.longitude += longitude;
  }
  return { latitude: total.latitude / points.length, longitude: total.longitude / points.length };
}

/** Whether a place lies in a scope, as the brokers see it: polygons are flat in degrees. */
export function within(scope: GeoScope, point: Point): boolean {
  if (scope.scopeType === "circle") {
    return distanceM(centreOf(scope.scopeValue), point) <= scope.scopeValue.radius;
  }
  if (scope.scopeType === "polygon") return inRing(scope.scopeValue.vertices, point);
  return true;
}

function inRing(ring: Point[], { latitude, longitude }: Point): boolean {
  let inside = false;
  let last = ring.at(-1);
  for (const vertex of ring) {
    if (last && vertex.latitude > latitude !== last.latitude > latitude) {
      const slope = (last.longitude - vertex.longitude) / (last.latitude - vertex.latitude);
      if (longitude < vertex.longitude + slope * (latitude - vertex.latitude)) inside = !inside;
    }
    last = vertex;
  }
  return inside;
}

/** Whether both coordinates are numbers in their range. */
export const isPlace = (point: Point) =>
  Number.isFinite(point.latitude) &&
  Math.abs(point.latitude) <= 90 &&
  Number.isFinite(point.longitude) &&
  Math.abs(point.longitude) <= 180;

const DIGITS = 6;

/** Rounded to about 10 cm, so that addresses and fields stay short. */
export const rounded = (value: number) => Number(value.toFixed(DIGITS));

/** Brought back into -180 to 180, and rounded. */
export const placed = (latitude: number, longitude: number): Point => ({
  latitude: rounded(Math.max(-90, Math.min(90, latitude))),
  longitude: rounded(((((longitude + 180) % 360) + 360) % 360) - 180),
});
