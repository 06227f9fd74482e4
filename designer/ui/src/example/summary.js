// Publishes the mean over all thermometers, and the warmest and coldest of them.
const averages = new Map();

exports.handler = (contextEntity, publish) => {
  const { entityId, attributes } = contextEntity;
  if (attributes.average) averages.set(entityId.id, Number(attributes.average.value));
  else averages.delete(entityId.id); // deleted
  const values = [...averages.values()];
  if (values.length === 0) return;

  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  publish({
    attributes: {
      thermometers: { type: "integer", value: values.length },
      mean: { type: "float", value: Math.round(mean * 100) / 100 },
      warmest: { type: "float", value: Math.max(...values) },
      coldest: { type: "float", value: Math.min(...values) },
    },
  });
};
