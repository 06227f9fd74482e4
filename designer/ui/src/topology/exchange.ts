// Topologies as files: what is read, what is written, and what is said about a file that is neither.
import { tooDeep } from "@/api/depth";
import { boardOf } from "./designboard";
import { type Drawing, type Rest, topologyOf } from "./document";
import { drawingOfBoard } from "./fromDesignboard";
import { drawingOf } from "./fromTopology";
import { FormatError, record, without } from "./reading";
import { type Opened, openService, serviceOf } from "./service";

export const MAX_FILE_BYTES = 1_000_000;

export type Format = "service" | "topology" | "designboard";

const writers: Record<Format, (drawing: Drawing) => unknown> = {
  service: serviceOf,
  topology: topologyOf,
  designboard: boardOf,
};

export const written = (drawing: Drawing, format: Format) =>
  `${JSON.stringify(writers[format](drawing), null, 2)}\n`;

export const fileNameOf = (drawing: Drawing, format: Format) => {
  const name = drawing.name.replace(/[^\p{L}\p{N}._-]+/gu, "-") || "topology";
  return format === "service" ? `${name}.json` : `${name}.${format}.json`;
};

/** Reads a service document, a topology or a designboard. */
export function read(text: string): Opened {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MAX_FILE_BYTES) throw new FormatError("", tooLarge(bytes));
  const document = json(text);
  if (tooDeep(document)) throw new FormatError("", "The document is nested too deep.");
  return opened(unwrapped(document));
}

export const tooLarge = (bytes: number) =>
  `This is ${(bytes / 1_000_000).toFixed(1)} MB; at most ${MAX_FILE_BYTES / 1_000_000} MB can be imported.`;

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FormatError("", `This is not JSON: ${(error as Error).message}.`);
  }
}

/** What is posted to `/service` is a list, and what it answers is a map; either may hold the one document. */
function unwrapped(value: unknown): unknown {
  if (Array.isArray(value)) return one(value, "list");
  const object = record(value, "The document");
  if (object.entityId !== undefined) return fromEntity(object);
  if (Object.keys(object).some((name) => ["topology", "tasks", "blocks", "edges", "name"].includes(name)))
    return object;
  const members = Object.values(object);
  const services = members.every(
    (member) => typeof member === "object" && member !== null && "topology" in member,
  );
  return services && members.length ? one(members, "map") : object;
}

/** Early designers kept a topology as an entity, with attributes `template` and `designboard`. */
function fromEntity(entity: Rest): Rest {
  const attributes = record(entity.attributes ?? {}, "attributes");
  const attribute = (name: string) => record(attributes[name] ?? {}, `attributes.${name}`).value;
  return { topology: attribute("template"), designboard: attribute("designboard") };
}

function one(values: unknown[], what: string): unknown {
  if (values.length === 1) return values[0];
  throw new FormatError("", `The ${what} holds ${values.length} documents; import one at a time.`);
}

/** More could be laid out, but not while somebody waits for it. */
const MAX_TASKS = 1_000;

function bounded(object: Rest) {
  const { tasks } = object.topology ? record(object.topology, "topology") : object;
  if (Array.isArray(tasks) && tasks.length > MAX_TASKS) throw tooMany(`${tasks.length} tasks`);
  const { blocks } = object;
  if (Array.isArray(blocks) && blocks.length > 3 * MAX_TASKS) throw tooMany(`${blocks.length} blocks`);
}

const tooMany = (what: string) =>
  new FormatError("", `It holds ${what}; at most ${MAX_TASKS} tasks can be drawn.`);

function opened(value: unknown): Opened {
  const object = record(value, "The document");
  bounded(object);
  if (object.topology !== undefined) return openService(object);
  if (object.tasks !== undefined) return { drawing: drawingOf(without(object, "operators"), "") };
  if (object.blocks !== undefined) return { drawing: drawingOfBoard(object, "") };
  throw new FormatError(
    "",
    "This is no topology: it has neither `topology` (a service), nor `tasks` (a topology), nor `blocks` (a drawing).",
  );
}
