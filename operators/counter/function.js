// Counts updates of the input entities, and how many entities they came from. An instance that takes the place of an
// earlier one, after a restart or on another worker, goes on from the numbers in the task's output.
const MOST_ENTITIES = 100000;
const seen = new Set();
let updates = 0;
let earlier;

async function lastOutput(query, task) {
  const output = task && task.outputs[0];
  const found = output ? await query({ entities: [{ id: output.id, type: output.type, isPattern: false }] }) : [];
  const number = (name) => (found.length && found[0].attributes[name] && Number(found[0].attributes[name].value)) || 0;
  return { counter: number("counter"), entities: Math.min(number("entities"), MOST_ENTITIES) };
}

exports.handler = async function (contextEntity, publish, query, subscribe, task) {
  if (Object.keys(contextEntity.attributes).length === 0) return; // deleted
  earlier = earlier || (await lastOutput(query, task));

  // An entity counted earlier comes first as it stands, which is no update.
  const known = !seen.has(contextEntity.entityId.id) && seen.size < earlier.entities;
  if (seen.size < MOST_ENTITIES) seen.add(contextEntity.entityId.id);
  if (known) return;
  updates += 1;

  publish({
    attributes: {
      counter: { type: "integer", value: earlier.counter + updates },
      entities: { type: "integer", value: Math.max(seen.size, earlier.entities) },
    },
  });
};
