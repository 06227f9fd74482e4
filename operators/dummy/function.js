// Passes every entity on to the task's output, marked as processed.
exports.handler = function (contextEntity, publish, query, subscribe) {
  if (Object.keys(contextEntity.attributes).length === 0) return; // deleted

  publish({
    attributes: {
      ...contextEntity.attributes,
      processed: { type: "boolean", value: true },
      source: { type: "string", value: contextEntity.entityId.id },
    },
    metadata: contextEntity.metadata,
  });
};
