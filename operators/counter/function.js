// Counts what it is told of. Input: any type, all entities in one task.
let count = 0;

exports.handler = function (contextEntity, publish) {
  // An entity that was deleted comes without attributes.
  if (Object.keys(contextEntity.attributes).length === 0) return;
  count += 1;
  publish({ attributes: { count: { type: "integer", value: count } } });
};
