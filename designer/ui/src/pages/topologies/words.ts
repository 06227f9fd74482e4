// How nodes and their settings are called.
import { type Drawing, type DrawingNode, isTask, type StreamNode, typeOf } from "@/topology/document";

export const groupings = [
  { value: "EntityID", name: "One for each entity" },
  { value: "EntityType", name: "One for each entity type" },
  { value: "ALL", name: "One for all entities" },
];

/** Whether it is one of the groupings with a name of its own, rather than an attribute. */
export const isGrouping = (groupby: string) =>
  groupings.some(({ value }) => value === groupby) || groupby === "all";

export function groupingWords(groupby: string): string {
  if (groupby === "EntityID") return "each entity";
  if (groupby === "EntityType") return "each type";
  if (groupby === "ALL" || groupby === "all") return "all together";
  return groupby ? `by ${groupby}` : "by ?";
}

/** Whether only some attributes are selected. */
export const selects = (attributes: string[]) =>
  attributes.length > 0 && !attributes.some((name) => name.toLowerCase() === "all");

export function streamWords(stream: StreamNode): string {
  const parts = [groupingWords(stream.groupby)];
  if (selects(stream.attributes)) parts.push(stream.attributes.join(", "));
  if (stream.scoped) parts.push("in scope");
  return parts.join(" · ");
}

export function titleOf(drawing: Drawing, node: DrawingNode): string {
  if (isTask(node)) return `Task ${node.name || "without a name"}`;
  return `Stream ${typeOf(drawing, node) || "without a type"}`;
}
