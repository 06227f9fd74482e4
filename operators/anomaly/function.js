// Reports panels whose usage is above the threshold of the last rule.
let threshold = 30;
let ruled = false;

function obey(rule) {
  const wanted = Number(rule.attributes.threshold && rule.attributes.threshold.value);
  if (Number.isFinite(wanted)) threshold = wanted;
  ruled = true;
}

exports.handler = async function (contextEntity, publish, query) {
  const { entityId, attributes, metadata } = contextEntity;
  if (entityId.type === "Rule") return obey(contextEntity);
  if (!attributes.usage) return;

  // A panel may be heard of before the rule that is in force.
  if (!ruled) {
    const rules = await query({ entities: [{ type: "^Rule$", isPattern: true }] });
    ruled = true;
    rules.forEach(obey);
  }
  if (!(Number(attributes.usage.value) > threshold)) return;

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
