// A case to look at: power panels in three cities, a detector for each, a counter over all.
import type { System } from "./system";

export const PLACES = [
  { site: "heidelberg", latitude: 49.41, longitude: 8.69 },
  { site: "madrid", latitude: 40.42, longitude: -3.7 },
  { site: "tokyo", latitude: 35.68, longitude: 139.69 },
];

const DETECTOR = `exports.handler = function (entity, publish) {
  var usage = entity.attributes.usage;
  if (!usage) return;
  console.log(entity.entityId.id + " uses " + usage.value);
  publish({ attributes: { usage: usage, alarm: { type: "boolean", value: usage.value > 80 } } });
};
`;
const COUNTER = `var seen = 0;
exports.handler = function (entity, publish) {
  seen += 1;
  publish({ attributes: { count: { type: "integer", value: seen } } });
};
`;

export const operators = [
  {
    name: "detector",
    description: "finds panels that use too much",
    functionCode: DETECTOR,
    parameters: [],
    dockerimages: [],
  },
  {
    name: "counter",
    description: "counts what detectors find",
    functionCode: COUNTER,
    parameters: [],
    dockerimages: [],
  },
  {
    name: "camera",
    description: "counts people on pictures",
    parameters: [{ name: "memory_mb", value: "256" }],
    dockerimages: [
      {
        OperatorName: "camera",
        name: "example/camera",
        tag: "1.4",
        hwType: "X86",
        osType: "Linux",
        prefetched: false,
      },
      {
        OperatorName: "camera",
        name: "example/camera",
        tag: "1.4-arm",
        hwType: "ARM",
        osType: "Linux",
        prefetched: true,
      },
    ],
  },
];

const input = (selected_type: string, groupby: string) => ({
  selected_type,
  selected_attributes: ["all"],
  groupby,
  scoped: true,
});

export const topology = {
  name: "overload",
  description: "Panels that use too much, by city",
  tasks: [
    {
      name: "detect",
      operator: "detector",
      input_streams: [input("PowerPanel", "EntityID")],
      output_streams: [{ entity_type: "Overload" }],
    },
    {
      name: "count",
      operator: "counter",
      input_streams: [input("Overload", "ALL")],
      output_streams: [{ entity_type: "OverloadCount" }],
    },
  ],
};

export const intent = {
  id: "ServiceIntent.overload",
  topology: "overload",
  priority: { exclusive: false, level: 50 },
  qos: "Max Throughput",
  geoscope: { scopeType: "global", scopeValue: "global" },
};

export const panel = (id: string, usage: number, latitude: number, longitude: number) => ({
  entityId: { id, type: "PowerPanel", isPattern: false },
  attributes: [
    { name: "usage", type: "float", value: usage },
    { name: "shop", type: "string", value: id.split(".")[1] },
  ],
  domainMetadata: [{ name: "location", type: "point", value: { latitude, longitude } }],
});

export const update = (system: System, contextElements: unknown[], updateAction = "UPDATE") =>
  system.post("/ngsi10/updateContext", { contextElements, updateAction });

/** Registers everything and states the intent; panels report until the returned function is called. */
export async function begin(system: System, panelsEach = 4): Promise<() => Promise<void>> {
  await system.post("/operator", operators);
  await system.post("/service", [{ topology, designboard: {} }]);
  await system.post("/intent", intent);
  let [going, round] = [true, 0];
  const report = async () => {
    while (going) {
      round += 1;
      await update(
        system,
        PLACES.flatMap((place) => panelsOf(place, panelsEach, round)),
      ).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  const done = report();
  return () => {
    going = false;
    return done;
  };
}

function panelsOf({ site, latitude, longitude }: (typeof PLACES)[number], count: number, round: number) {
  return Array.from({ length: count }, (_, index) => {
    const usage = 60 + 35 * Math.sin(round / 6 + index);
    return panel(
      `PowerPanel.${site}.${index + 1}`,
      Math.round(usage * 10) / 10,
      latitude + 0.3 * index,
      longitude + 0.2 * index,
    );
  });
}
