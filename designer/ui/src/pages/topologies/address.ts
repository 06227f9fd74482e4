// Addresses of the editor: `#/topologies/new` is a new topology, so that one of that name needs a word more.
import { hashOf } from "@/app/router";

const NEW = "new";

export const addressOf = (name: string) => hashOf("topologies", [name], name === NEW ? { open: "1" } : {});

/** The topology an address means; nothing for a new one. */
export const nameAt = (rest: string[], query: URLSearchParams): string | null =>
  rest[0] === NEW && !query.has("open") ? null : (rest[0] ?? null);
