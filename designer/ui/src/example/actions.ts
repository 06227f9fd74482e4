// What the buttons of the guide do. Each can be pressed again after a failure, and does only what is still to do.
import { post, remove, segment } from "@/api/http";
import { useLive } from "@/api/live";
import type { Point } from "@/api/types";
import { saveDevice } from "@/devices/devices";
import { forgetSimulation, startSimulation } from "@/devices/simulator";
import { ifThere, query, removeIfThere } from "@/entities/ngsi10";
import {
  deviceIds,
  devicesAround,
  INTENT,
  intent,
  operators,
  service,
  settingsOf,
  TOPOLOGY,
  types,
} from "./example";

export async function installExample() {
  await post("/operator", operators);
  await post("/service", [service]);
}

export const startExample = () => post("/intent", intent);

const HEIDELBERG: Point = { latitude: 49.41, longitude: 8.69 };

/** Near a worker, so that they are seen together on the map. */
function place(): Point {
  const located = [...useLive.getState().workers.values()].find(
    ({ state, location }) => state === "ready" && location,
  );
  return located?.location ?? HEIDELBERG;
}

export async function connectDevices(known: ReadonlySet<string>) {
  for (const device of devicesAround(place())) {
    if (!known.has(device.id)) await saveDevice(device);
    startSimulation(device, settingsOf(device.id));
  }
}

/** How long the end waits for the task instances to be gone. */
const FAREWELL_MS = 5_000;

/** Takes everything away; `says` is told what is being done. */
export async function removeExample(says: (text: string) => void) {
  for (const id of deviceIds) forgetSimulation(id);
  says("Withdrawing the intent");
  await ifThere(remove(`/intent/${segment(INTENT)}`));
  await instancesGone();
  says("Removing the topology and the operators");
  await ifThere(remove(`/service/${segment(TOPOLOGY)}`));
  for (const { name } of operators) await ifThere(remove(`/operator/${segment(name)}`));
  says("Removing the devices and what is left of their data");
  for (const id of deviceIds) await ifThere(remove(`/device/${segment(id)}`));
  const left = await query(Object.values(types).map((type) => ({ id: "", type, isPattern: false })));
  for (const { entityId } of left) await removeIfThere(entityId.id);
}

const isRunning = () =>
  [...useLive.getState().instances.values()].some(
    ({ ServiceIntentID, Status }) => ServiceIntentID === INTENT && Status !== "removed",
  );

/** Outputs are deleted by the workers when instances end: what comes later would be left. */
function instancesGone(): Promise<void> {
  return new Promise((resolve) => {
    if (!isRunning()) return resolve();
    const done = () => {
      clearTimeout(timer);
      unsubscribe();
      resolve();
    };
    const unsubscribe = useLive.subscribe(() => !isRunning() && done());
    const timer = setTimeout(done, FAREWELL_MS);
  });
}
