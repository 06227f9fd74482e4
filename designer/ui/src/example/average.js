// Publishes the average of the last ten temperatures of a thermometer.
const LAST = 10;
const temperatures = [];

exports.handler = (contextEntity, publish) => {
  const { entityId, attributes, metadata } = contextEntity;
  if (!attributes.temperature) return; // deleted
  const temperature = Number(attributes.temperature.value);
  if (!Number.isFinite(temperature)) return;

  temperatures.push(temperature);
  if (temperatures.length > LAST) temperatures.shift();
  const average = temperatures.reduce((sum, value) => sum + value, 0) / temperatures.length;

  publish({
    attributes: {
      thermometer: { type: "string", value: entityId.id },
      temperature: { type: "float", value: temperature },
      average: { type: "float", value: Math.round(average * 100) / 100 },
    },
    metadata,
  });
};
