// Functions to start from.

export interface Template {
  id: string;
  name: string;
  about: string;
  code: string;
}

const passThrough = `// Passes every entity on to the task's output.
exports.handler = function (contextEntity, publish, query, subscribe) {
  const { entityId, attributes, metadata } = contextEntity;
  if (Object.keys(attributes).length === 0) return; // deleted

  publish({
    attributes: {
      ...attributes,
      source: { type: "string", value: entityId.id },
    },
    metadata,
  });
};
`;

const aggregate = `// Writes the average, smallest and largest over all input entities.
const ATTRIBUTE = "temperature";
const MOST_ENTITIES = 10000;
const latest = new Map();

exports.handler = function (contextEntity, publish, query, subscribe) {
  const { entityId, attributes } = contextEntity;
  const value = Number(attributes[ATTRIBUTE]?.value ?? NaN);
  const deleted = Object.keys(attributes).length === 0;
  const room = latest.has(entityId.id) || latest.size < MOST_ENTITIES;
  if (deleted) latest.delete(entityId.id);
  else if (Number.isFinite(value) && room) latest.set(entityId.id, value);
  if (latest.size === 0) return;

  const sorted = [...latest.values()].sort((a, b) => a - b);
  const sum = sorted.reduce((a, b) => a + b);
  publish({
    attributes: {
      average: { type: "float", value: sum / sorted.length },
      smallest: { type: "float", value: sorted[0] },
      largest: { type: "float", value: sorted[sorted.length - 1] },
      count: { type: "integer", value: sorted.length },
    },
  });
};
`;

const alarm = `// Says when an attribute rises above a limit, and when it is back.
const ATTRIBUTE = "temperature";
const LIMIT = 30;
const MOST_ENTITIES = 10000;
const alarmed = new Set();

exports.handler = function (contextEntity, publish, query, subscribe) {
  const { entityId, attributes, metadata } = contextEntity;
  const value = Number(attributes[ATTRIBUTE]?.value ?? NaN);
  if (!Number.isFinite(value)) return;

  const before = alarmed.has(entityId.id);
  const now = value > LIMIT;
  if (before === now) return;
  if (now && alarmed.size < MOST_ENTITIES) alarmed.add(entityId.id);
  if (!now) alarmed.delete(entityId.id);
  console.log(entityId.id, now ? "is above" : "is back below", LIMIT);

  publish({
    attributes: {
      alarm: { type: "boolean", value: now },
      source: { type: "string", value: entityId.id },
      value: { type: "float", value },
      when: { type: "string", value: new Date().toISOString() },
    },
    metadata,
  });
};
`;

const filter = `// Passes on only the entities with an attribute above a limit.
const ATTRIBUTE = "temperature";
const LIMIT = 30;

exports.handler = function (contextEntity, publish, query, subscribe) {
  const { entityId, attributes, metadata } = contextEntity;
  const value = Number(attributes[ATTRIBUTE]?.value ?? NaN);
  if (!(value > LIMIT)) return;

  publish({
    attributes: {
      ...attributes,
      source: { type: "string", value: entityId.id },
    },
    metadata,
  });
};
`;

export const templates: Template[] = [
  { id: "pass", name: "Pass through", about: "writes every input entity to the output", code: passThrough },
  {
    id: "aggregate",
    name: "Aggregate",
    about: "average, smallest and largest over all inputs",
    code: aggregate,
  },
  { id: "alarm", name: "Alarm", about: "says when a value crosses a limit", code: alarm },
  { id: "filter", name: "Filter", about: "passes on what is above a limit", code: filter },
];
