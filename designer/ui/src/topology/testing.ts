// Random topologies and drawings from a seed, for tests.
import type { InputStream, Task, Topology } from "@/api/types";
import { type Drawing, emptyDrawing, isTask } from "./document";
import { added, changed, connected, newStream, newTask, outputAdded, outputRemoved, removed } from "./edit";

export type Random = <T>(choices: readonly T[]) => T;

/** Always the same choices for a seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (choices) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return choices[((mixed ^ (mixed >>> 14)) >>> 0) % choices.length]!;
  };
}

const types = ["Camera", "Panel", "Rule", "Anomaly", "Stat", "Face", "Größe", "urn:ngsi-ld:T"];
const upTo = (random: Random, most: number) => random(Array.from({ length: most + 1 }, (_, i) => i));
const some = <T>(random: Random, most: number, make: () => T) =>
  Array.from({ length: upTo(random, most) }, make);

function anyInput(random: Random): InputStream {
  const stream = {
    selected_type: random(types),
    selected_attributes: random([[], ["all"], ["usage"], ["usage", "where"]]),
    groupby: random(["EntityID", "EntityType", "ALL", "shop"]),
    scoped: random([true, false]),
  };
  return random([true, false, false]) ? ({ ...stream, window: 5 } as InputStream) : stream;
}

const anyTask = (random: Random, name: string): Task => ({
  name,
  operator: random(["anomaly", "counter", "sum"]),
  input_streams: some(random, 4, () => anyInput(random)),
  output_streams: some(random, 3, () => ({ entity_type: random(types), ...random([{}, { note: "kept" }]) })),
  ...random([{}, { priority: 3 }]),
});

export function anyTopology(random: Random): Topology {
  let task = 0;
  return {
    name: random(["one", "two"]),
    description: random(["", "what it does"]),
    tasks: some(random, 6, () => anyTask(random, `task ${++task}`)),
    ...random([{}, { trigger: "on-demand" }]),
  };
}

/** A drawing made of random steps of a user. */
export function anyDrawing(random: Random, steps = 40): Drawing {
  let drawing = emptyDrawing("drawn");
  for (let step = 0; step < steps; step++) drawing = anyStep(random, drawing);
  return drawing;
}

export function anyStep(random: Random, drawing: Drawing): Drawing {
  const at = { x: upTo(random, 900) - 450, y: upTo(random, 600) - 300 };
  const node = drawing.nodes.length ? random(drawing.nodes) : undefined;
  const other = drawing.nodes.length ? random(drawing.nodes) : undefined;
  if (!node || !other) return added(drawing, newTask(drawing, "anomaly"), at)[0];
  const link = { from: node.id, output: isTask(node) ? upTo(random, 1) : undefined, to: other.id };
  const steps: (() => Drawing)[] = [
    () => added(drawing, newTask(drawing, random(["anomaly", "counter", "sum"])), at)[0],
    () => added(drawing, newStream(random(types)), at)[0],
    () => connected(drawing, link),
    () => connected(drawing, link),
    () => connected(drawing, link),
    () => (isTask(node) ? outputAdded(drawing, node.id, random(types)) : changed(drawing, node.id, at)),
    () => (isTask(node) && node.outputs.length ? outputRemoved(drawing, node.id, 0) : drawing),
    () =>
      isTask(node) ? drawing : changed(drawing, node.id, { groupby: "ALL", scoped: random([true, false]) }),
    () => (upTo(random, 5) === 0 ? removed(drawing, new Set([node.id]), new Set()) : drawing),
  ];
  return random(steps)();
}
