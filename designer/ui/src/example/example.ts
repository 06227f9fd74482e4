// The example: thermometers, an average for each of them, a summary over all. Everything of it bears its name.
import type { Intent, Operator, Point, Service } from "@/api/types";
import type { Device } from "@/devices/devices";
import type { Settings } from "@/devices/simulation";
import average from "./average.js?raw";
import summary from "./summary.js?raw";

export const TOPOLOGY = "example-thermometers";
export const INTENT = "ServiceIntent.example-thermometers";

export const types = {
  thermometer: "ExampleThermometer",
  average: "ExampleAverage",
  summary: "ExampleSummary",
} as const;

export const operators: Operator[] = [
  {
    name: "example-average",
    description: "averages the last ten temperatures of a thermometer",
    functionCode: average,
  },
  {
    name: "example-summary",
    description: "mean, warmest and coldest over all thermometers",
    functionCode: summary,
  },
];

const input = (selected_type: string, groupby: string) => ({
  selected_type,
  selected_attributes: ["all"],
  groupby,
  scoped: false,
});

export const service: Service = {
  topology: {
    name: TOPOLOGY,
    description: "an average for each thermometer, a summary over all",
    tasks: [
      {
        name: "average",
        operator: "example-average",
        input_streams: [input(types.thermometer, "EntityID")],
        output_streams: [{ entity_type: types.average }],
      },
      {
        name: "summary",
        operator: "example-summary",
        input_streams: [input(types.average, "ALL")],
        output_streams: [{ entity_type: types.summary }],
      },
    ],
  },
};

export const intent: Intent = {
  id: INTENT,
  topology: TOPOLOGY,
  stype: "ASYN",
  priority: { exclusive: false, level: 0 },
  geoscope: { scopeType: "global", scopeValue: "global" },
};

const names = ["example-thermometer-1", "example-thermometer-2", "example-thermometer-3"];

export const deviceIds: readonly string[] = names;

const START_C = [18, 21, 24];

/** Three thermometers a few kilometres around a place. */
export function devicesAround({ latitude, longitude }: Point): Device[] {
  const around = [
    { latitude: 0.03, longitude: 0 },
    { latitude: -0.02, longitude: 0.04 },
    { latitude: -0.02, longitude: -0.04 },
  ];
  return names.map((id, at) => ({
    id,
    type: types.thermometer,
    attributes: [{ name: "temperature", type: "float", value: START_C[at] }],
    place: {
      latitude: Number((latitude + around[at]!.latitude).toFixed(5)),
      longitude: Number((longitude + around[at]!.longitude).toFixed(5)),
    },
  }));
}

export function settingsOf(id: string): Settings {
  const start = START_C[names.indexOf(id)] ?? 20;
  const course = { name: "temperature", type: "float", shape: "walk" as const, periodS: 60 };
  return { intervalS: 1, radiusM: 0, series: [{ ...course, low: start - 4, high: start + 4 }] };
}
