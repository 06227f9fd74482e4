import { expect, test } from "vitest";
import { templates } from "./templates";

type Values = Record<string, unknown>;

/** Loads a template and feeds it entities; answers the values it published. */
function fed(id: string, entities: [id: string, attributes: Values][]): Values[] {
  const exports: { handler?: (...given: unknown[]) => void } = {};
  const code = templates.find((template) => template.id === id)!.code;
  new Function("exports", "console", code)(exports, { log: () => {} });
  const published: Values[] = [];
  const publish = (entity: { attributes: Record<string, { value: unknown }> }) =>
    published.push(
      Object.fromEntries(Object.entries(entity.attributes).map(([name, { value }]) => [name, value])),
    );
  for (const [entity, values] of entities) {
    const attributes = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
    exports.handler!({ entityId: { id: entity, type: "Sensor" }, attributes, metadata: {} }, publish);
  }
  return published;
}

test("each sets a handler and leaves out entities that were deleted", () => {
  for (const { id } of templates) expect(fed(id, [["a", {}]]), id).toEqual([]);
});

test("pass through writes the entity with its source", () => {
  expect(fed("pass", [["a", { temperature: 1 }]])).toEqual([{ temperature: 1, source: "a" }]);
});

test("aggregate keeps the latest value of each entity", () => {
  const published = fed("aggregate", [
    ["a", { temperature: 10 }],
    ["b", { temperature: 30 }],
    ["a", { temperature: 20 }],
    ["c", { humidity: 1 }],
    ["b", {}],
  ]);
  expect(published[1]).toEqual({ average: 20, smallest: 10, largest: 30, count: 2 });
  expect(published[2]).toMatchObject({ average: 25, smallest: 20 });
  expect(published.at(-1)).toMatchObject({ average: 20, count: 1 });
});

test("alarm speaks when the limit is crossed, each way once", () => {
  const rising = [29, 31, 32, 30].map((temperature): [string, Values] => ["a", { temperature }]);
  expect(fed("alarm", rising)).toMatchObject([
    { alarm: true, value: 31 },
    { alarm: false, value: 30 },
  ]);
});

test("filter passes on what is above the limit", () => {
  expect(
    fed("filter", [
      ["a", { temperature: 30 }],
      ["a", { temperature: 31 }],
    ]),
  ).toMatchObject([{ temperature: 31 }]);
});
