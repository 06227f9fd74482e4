// Devices as the designer keeps them: documents that were written by several generations of clients.
import { ApiError, post, remove, segment } from "@/api/http";
import type { Attribute, Element, Metadatum, Point } from "@/api/types";
import { removeAttributes } from "@/entities/ngsi10";
import { isPlace } from "@/map/geometry";

export type DeviceDocument = Record<string, unknown>;

export interface Device {
  id: string;
  type: string;
  attributes: Attribute[];
  place: Point | null;
  /** The path of its photo. */
  photo?: string;
}

type Named = Attribute | Metadatum;

/** Attributes or metadata, whether written as a list or as an object by name. */
function named(list: unknown): Named[] {
  if (Array.isArray(list)) return list.filter((item) => typeof item?.name === "string") as Named[];
  if (!list || typeof list !== "object") return [];
  return Object.entries(list).map(([name, thing]) =>
    thing && typeof thing === "object" && "value" in thing
      ? { name, ...thing }
      : { name, value: thing as unknown },
  );
}

const pointOf = (value: unknown): Point | null => {
  const point = value as Point | null | undefined;
  return point && isPlace(point) ? { latitude: point.latitude, longitude: point.longitude } : null;
};

export function deviceOf(id: string, document: DeviceDocument): Device {
  const entity = (document.entityId ?? {}) as { type?: string };
  const metadata = [...named(document.metadata), ...named(document.domainMetadata)];
  const location = document.location ?? metadata.find(({ name }) => name === "location")?.value;
  return {
    id,
    type: String(document.type ?? entity.type ?? ""),
    attributes: named(document.attributes),
    place: pointOf(location),
    photo: photoPath(document.photo),
  };
}

function photoPath(photo: unknown): string | undefined {
  if (typeof photo !== "string" || photo === "") return undefined;
  const name = photo.split("/").at(-1) ?? "";
  return `/photo/${segment(name)}`;
}

export const devicesOf = (documents: Record<string, DeviceDocument>): Device[] =>
  Object.entries(documents)
    .map(([id, document]) => deviceOf(id, document))
    .sort((a, b) => a.id.localeCompare(b.id, undefined, { numeric: true }));

/** The document of a device; what other clients wrote into it stays. */
export function documentOf(device: Device, before: DeviceDocument = {}): DeviceDocument {
  const { id, type, attributes, place, photo } = device;
  const unplaced = (list: unknown) => named(list).filter(({ name }) => name !== "location");
  return {
    ...before,
    ...(before.metadata ? { metadata: unplaced(before.metadata) } : {}),
    ...(before.domainMetadata ? { domainMetadata: unplaced(before.domainMetadata) } : {}),
    id,
    type,
    attributes,
    location: place,
    photo,
  };
}

/** Stores a device, and takes attributes from its entity that it no longer has. */
export async function saveDevice(device: Device, before?: DeviceDocument): Promise<void> {
  await post("/device", documentOf(device, before));
  const kept = new Set(device.attributes.map(({ name }) => name));
  const gone = named(before?.attributes)
    .map(({ name }) => name)
    .filter((name) => !kept.has(name));
  if (gone.length === 0) return;
  try {
    await removeAttributes(device, gone);
  } catch (error) {
    // The entity never had them, or has lost them already.
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
}

export const deleteDevice = (id: string) => remove(`/device/${segment(id)}`);

export const photoTypes = ["image/png", "image/jpeg", "image/webp", "image/gif"];
const MAX_PHOTO_BYTES = 2_000_000;

export function photoProblem(file: { type: string; size: number }): string | undefined {
  if (!photoTypes.includes(file.type)) return "A photo is a PNG, JPEG, WebP or GIF file.";
  return file.size > MAX_PHOTO_BYTES ? "A photo has 2 MB at most." : undefined;
}

/** A name for the photo of a device that every file system takes. */
export function photoName(id: string, type: string): string {
  const plain =
    id
      .replace(/[^A-Za-z0-9_-]+/g, "-")
      .replace(/^-+/, "")
      .slice(0, 80) || "device";
  return `${plain}.${type.split("/")[1]}`;
}

export async function uploadPhoto(id: string, file: File): Promise<string> {
  const form = new FormData();
  const name = photoName(id, file.type);
  form.append(name, file, name);
  return (await post<{ path: string }>("/data/photo", form)).path;
}

/** What the broker says of a device, with its document for what the broker has not said. */
export function shownAttributes(device: Device, entity: Element | undefined): Attribute[] {
  return entity?.attributes ?? device.attributes;
}
