// Workers and brokers by the place where they stand, with the task instances that run there.
import type { Broker, Instance, Point, Worker } from "@/api/types";
import { isPlace } from "@/map";

export interface Site {
  id: string;
  point: Point;
  workers: Worker[];
  brokers: Broker[];
  instances: Instance[];
}

export interface Shown {
  workers: boolean;
  brokers: boolean;
  instances: boolean;
}

/** Nearer than this, in degrees, is the same place: about a metre. */
const SAME = 1e5;
const keyOf = ({ latitude, longitude }: Point) =>
  `${Math.round(latitude * SAME)} ${Math.round(longitude * SAME)}`;

export function sitesOf(
  workers: Iterable<Worker>,
  brokers: Iterable<Broker>,
  instances: Iterable<Instance>,
  shown: Shown,
): Site[] {
  const sites = new Map<string, Site>();
  const at = (point: Point) => {
    const id = keyOf(point);
    const site = sites.get(id) ?? { id, point, workers: [], brokers: [], instances: [] };
    sites.set(id, site);
    return site;
  };
  const siteOfWorker = new Map<string, Site>();
  for (const worker of workers) {
    if (!shown.workers || !isPlaced(worker)) continue;
    const site = at(worker.location);
    site.workers.push(worker);
    siteOfWorker.set(worker.id, site);
  }
  for (const broker of brokers)
    if (shown.brokers && isPlaced(broker)) at(broker.location).brokers.push(broker);
  for (const instance of instances) {
    if (shown.instances && instance.Status !== "removed") {
      siteOfWorker.get(instance.Worker)?.instances.push(instance);
    }
  }
  return [...sites.values()];
}

export const isPlaced = <T extends { location?: Point }>(thing: T): thing is T & { location: Point } =>
  Boolean(thing.location && isPlace(thing.location));

/** Workers and brokers that say nothing of their place, and instances that are on none of the map's workers. */
export function unplaced(
  workers: ReadonlyMap<string, Worker>,
  brokers: Broker[],
  instances: Iterable<Instance>,
): string[] {
  const nodes = [...workers.values(), ...brokers].filter((node) => !isPlaced(node)).map((node) => node.id);
  const lost = [...instances].filter((instance) => {
    const worker = workers.get(instance.Worker);
    return instance.Status !== "removed" && !(worker && isPlaced(worker));
  });
  return [...nodes, ...lost.map((instance) => instance.ID)];
}
