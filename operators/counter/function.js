// Counts updates of the input entities, and how many entities they came from.
const MOST_ENTITIES = 100000;
const entities = new Set();
let updates = 0;

exports.handler = function (contextEntity, publish, query, subscribe) {
  if (Object.keys(contextEntity.attributes).length === 0) return; // deleted

  updates += 1;
  if (entities.size < MOST_ENTITIES) entities.add(contextEntity.entityId.id);

  publish({
    attributes: {
      counter: { type: "integer", value: updates },
      entities: { type: "integer", value: entities.size },
    },
  });
};
