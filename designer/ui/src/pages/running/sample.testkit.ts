import type { Instance, Task } from "@/api/types";

export const instance = (task: string, number: number | string, more: Partial<Instance> = {}): Instance => ({
  ID: `Task.power.${task}.${number}`,
  TopologyName: "power",
  TaskName: task,
  ServiceIntentID: "ServiceIntent.1",
  Status: "running",
  Worker: "Worker.north",
  ...more,
});

/** A detector for each of so many panels, with one rule for all, and a counter over what they find. */
export function power(panels: number): Instance[] {
  const numbers = Array.from({ length: panels }, (_, index) => index + 1);
  const found = (number: number) => ({ Type: "Anomaly", ID: `Anomaly.${number}` });
  const detectors = numbers.map((number) =>
    instance("detector", number, {
      Inputs: [
        { Type: "PowerPanel", ID: `Panel.${number}` },
        { Type: "Rule", ID: "Rule.1" },
      ],
      Outputs: [found(number)],
      InputRate: 2,
      OutputRate: 1,
    }),
  );
  const counter = instance("counter", 1, {
    Inputs: numbers.map(found),
    Outputs: [{ Type: "Stat", ID: "Stat.1" }],
  });
  return [...detectors, counter];
}

const task = (name: string, inputs: string[], output: string): Task => ({
  name,
  operator: name,
  input_streams: inputs.map((selected_type) => ({
    selected_type,
    selected_attributes: ["all"],
    groupby: "EntityID",
    scoped: false,
  })),
  output_streams: [{ entity_type: output }],
});

export const tasks = [
  task("detector", ["PowerPanel", "Rule"], "Anomaly"),
  task("counter", ["Anomaly"], "Stat"),
];
