// Where the nodes of a graph go: in the direction in which data flows.
import { Graph as Dagre, layout } from "@dagrejs/dagre";
import type { Graph, GraphNode } from "./graph";

export interface Size {
  width: number;
  height: number;
}

export interface Place extends Size {
  x: number;
  y: number;
}

const TILE_GAP = 6;
const TILES_HEAD = 44;
const TILES_EDGE = 10;

export interface Tiles extends Size {
  /** Each says no more than its state. */
  small: boolean;
  columns: number;
}

/** How instances lie side by side: as they are while they are few, then as small tiles, somewhat wider than high. */
export function tilesFor(count: number): Tiles {
  if (count <= 16) return { small: false, columns: 2, ...INSTANCE };
  if (count <= 40) return { small: false, columns: 3, ...INSTANCE };
  return { small: true, columns: Math.ceil(Math.sqrt(count * 0.4)), width: 132, height: 32 };
}

const INSTANCE: Size = { width: 216, height: 88 };

export function sizeOf(node: GraphNode): Size {
  switch (node.kind) {
    case "entity":
    case "entities":
      return { width: 190, height: 52 };
    case "instance":
      return INSTANCE;
    case "task":
      return { width: 216, height: node.planned ? 64 : 138 };
    case "tiles": {
      const { columns, width, height } = tilesFor(node.instances.length);
      const rows = Math.ceil(node.instances.length / columns);
      return {
        width: 2 * TILES_EDGE + columns * (width + TILE_GAP) - TILE_GAP,
        height: TILES_HEAD + TILES_EDGE + rows * (height + TILE_GAP) - TILE_GAP,
      };
    }
  }
}

/** To the right or down. */
export type Direction = "LR" | "TB";

export interface Layout extends Size {
  direction: Direction;
  places: ReadonlyMap<string, Place>;
}

/** The layout to the right; on a narrow screen the one that can be drawn larger. */
export function layoutOf(graph: Graph, narrow: boolean): Layout {
  const right = laidOut(graph, "LR");
  if (!narrow) return right;
  const down = laidOut(graph, "TB");
  return down.width < right.width ? down : right;
}

function laidOut(graph: Graph, direction: Direction): Layout {
  const places = placesOf(graph, direction);
  const ends = [...places.values()];
  const width = Math.max(1, ...ends.map((place) => place.x + place.width));
  const height = Math.max(1, ...ends.map((place) => place.y + place.height));
  return { direction, places, width, height };
}

/** The upper left corner and size of every node. */
function placesOf({ nodes, edges }: Graph, rankdir: Direction): Map<string, Place> {
  const graph = new Dagre();
  graph.setGraph({ rankdir, nodesep: 14, ranksep: rankdir === "LR" ? 60 : 44, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { ...sizeOf(node) });
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  return new Map(
    nodes.map((node) => {
      const size = sizeOf(node);
      const { x = 0, y = 0 } = graph.node(node.id) as { x?: number; y?: number };
      return [node.id, { ...size, x: x - size.width / 2, y: y - size.height / 2 }];
    }),
  );
}

/** The same for graphs with the same layout, whatever their nodes say. */
export const layoutKey = ({ nodes, edges }: Graph) =>
  JSON.stringify([nodes.map((node) => [node.id, sizeOf(node)]), edges.map((edge) => edge.id)]);
