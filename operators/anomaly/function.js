// Reports panels whose usage is above the threshold of the last rule.
let threshold = 30;

exports.handler = function (contextEntity, publish, query, subscribe) {
  const { entityId, attributes, metadata } = contextEntity;

  if (entityId.type === "Rule") {
    const wanted = Number(attributes.threshold && attributes.threshold.value);
    if (Number.isFinite(wanted)) threshold = wanted;
    return;
  }
  if (!attributes.usage || !(Number(attributes.usage.value) > threshold)) return;

  const shop = { type: "string", value: metadata.shop ? metadata.shop.value : null };
  const where = metadata.location ? metadata.location.value : null;
  publish({
    attributes: {
      when: { type: "string", value: new Date().toISOString() },
      whichpanel: { type: "string", value: entityId.id },
      shop,
      where: { type: "object", value: where },
      usage: { type: "integer", value: attributes.usage.value },
    },
    metadata: where ? { shop, location: { type: "point", value: where } } : { shop },
  });
};
