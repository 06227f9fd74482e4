// Finds panels that use more than the rule allows. Inputs: PowerPanel (usage), one entity a task; Rule (threshold), all.
let threshold = null;

exports.handler = function (contextEntity, publish) {
  const { usage, threshold: limit } = contextEntity.attributes;
  if (contextEntity.entityId.type === "Rule") {
    threshold = limit ? Number(limit.value) : null;
    return;
  }
  if (threshold === null || !usage || !(Number(usage.value) > threshold)) return;
  publish({
    attributes: {
      usage,
      threshold: { type: "float", value: threshold },
      panel: { type: "string", value: contextEntity.entityId.id },
      when: { type: "string", value: new Date().toISOString() },
    },
  });
};
