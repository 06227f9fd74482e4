// Which entities flow into which task instances, and out of them.
import type { Instance } from "@/api/types";

export interface Flow {
  instance: string;
  entity: string;
  direction: "in" | "out";
  /** `topology / task`, by which flows are coloured. */
  task: string;
}

/** All flows are shown while they are no more than this. */
export const FEW = 60;
/** More than this are never drawn. */
export const MAX_FLOWS = 2_000;

export const taskOf = (instance: Instance) => `${instance.TopologyName} / ${instance.TaskName}`;

/** The flows between places; what has no place cannot be drawn. */
export function flowsOf(
  instances: Iterable<Instance>,
  isPlaced: (instance: Instance) => boolean,
  isLocated: (entity: string) => boolean,
): Flow[] {
  const flows: Flow[] = [];
  for (const instance of instances) {
    if (!isPlaced(instance)) continue;
    const task = taskOf(instance);
    const add = (direction: Flow["direction"], streams: Instance["Inputs"]) => {
      for (const { ID: entity } of streams ?? []) {
        if (flows.length >= MAX_FLOWS) return;
        if (isLocated(entity)) flows.push({ instance: instance.ID, entity, direction, task });
      }
    };
    add("in", instance.Inputs);
    add("out", instance.Outputs);
  }
  return flows;
}

/** The instances whose flows belong to what is selected: itself, its intent's, its worker's, or those an entity passes. */
export function concerned(id: string, instances: Iterable<Instance>): Instance[] {
  const passes = (streams: Instance["Inputs"]) => streams?.some((stream) => stream.ID === id);
  return [...instances].filter(
    (instance) =>
      instance.Status !== "removed" &&
      ([instance.ID, instance.ServiceIntentID, instance.Worker].includes(id) ||
        passes(instance.Inputs) ||
        passes(instance.Outputs)),
  );
}

/** Of the flows of the instances concerned, those that touch an entity when it is an entity that is selected. */
export function chosenFlows(flows: Flow[], selected: string | undefined): { flows: Flow[]; all: number } {
  if (!selected) return { flows: flows.length <= FEW ? flows : [], all: flows.length };
  const own = flows.filter((flow) => flow.entity === selected);
  const chosen = own.length > 0 ? own : flows;
  return { flows: chosen, all: chosen.length };
}
