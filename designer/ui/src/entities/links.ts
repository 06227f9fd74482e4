import { hashOf } from "@/app/router";

/** Where the entities of a type are shown, with one of them opened. */
export const entityHref = (type: string, id?: string) => hashOf("context", ["entities", type], { id });
