import { describe, expect, it } from "vitest";
import type { Broker, Element, Instance, Point, Worker } from "@/api/types";
import { around, EntityIndex, SiteIndex } from "./cluster";
import { ColourOf, countsOf, type Located, locatedOf, MAX_WATCHED, PALETTE, watchedTypes } from "./entities";
import { chosenFlows, concerned, FEW, flowsOf } from "./flows";
import { Motion } from "./motion";
import { sitesOf, unplaced } from "./sites";
import { inView, type Known, search, shortId } from "./things";

const here = { latitude: 49.41, longitude: 8.69 };
const there = { latitude: -33.92, longitude: 18.42 };
const all = { workers: true, brokers: true, instances: true };
const world = [-180, -85, 180, 85] as [number, number, number, number];

const worker = (id: string, location?: Point): Worker => ({
  id,
  location,
  capacity: 4,
  workload: 1,
  seen: 0,
  state: "ready",
});
const broker = (id: string, location?: Point): Broker => ({ id, location, url: "", state: "ready", seen: 0 });
const instance = (ID: string, Worker: string, more: Partial<Instance> = {}): Instance => ({
  ID,
  TopologyName: "traffic",
  TaskName: "count",
  ServiceIntentID: "ServiceIntent.1",
  Status: "running",
  Worker,
  ...more,
});
const entity = (id: string, type: string, value?: Point): Element => ({
  entityId: { id, type },
  domainMetadata: value ? [{ name: "location", type: "point", value }] : [],
});

describe("sites", () => {
  it("hold all nodes of a place and the instances of its workers", () => {
    const workers = [worker("Worker.a", here), worker("Worker.b", there), worker("Worker.c")];
    const instances = [
      instance("Task.1", "Worker.a"),
      instance("Task.2", "Worker.a", { Status: "removed" }),
      instance("Task.3", "Worker.c"),
      instance("Task.4", "", { Status: "scheduled" }),
    ];
    const sites = sitesOf(workers, [broker("Broker.a", { ...here })], instances, all);
    expect(sites.map((site) => [site.workers.length, site.brokers.length, site.instances.length])).toEqual([
      [1, 1, 1],
      [1, 0, 0],
    ]);
    const known = new Map(workers.map((one) => [one.id, one]));
    expect(unplaced(known, [broker("Broker.x")], instances)).toEqual([
      "Worker.c",
      "Broker.x",
      "Task.3",
      "Task.4",
    ]);
  });

  it("leave out layers that are off", () => {
    const off = { workers: false, brokers: true, instances: true };
    const sites = sitesOf([worker("Worker.a", here)], [broker("Broker.a", here)], [], off);
    expect(sites).toMatchObject([{ workers: [], brokers: [{ id: "Broker.a" }] }]);
  });
});

describe("entities", () => {
  const elements = [entity("Car.1", "Car", here), entity("Car.2", "Car"), entity("Bus.1", "Bus", there)];

  it("are placed when they say where they are and their type is shown", () => {
    expect(locatedOf(elements, new Set(["Bus"]))).toEqual([{ id: "Car.1", type: "Car", point: here }]);
    expect(countsOf(elements).get("Car")).toEqual({ all: 2, placed: 1 });
  });

  it("are followed for as many types as the stream takes", () => {
    const types = Object.fromEntries(Array.from({ length: MAX_WATCHED + 2 }, (_, at) => [`T${100 + at}`, 1]));
    const { watched, left } = watchedTypes({ ...types, IoTBroker: 3 });
    expect(watched).toHaveLength(MAX_WATCHED);
    expect(left).toEqual([`T${100 + MAX_WATCHED}`, `T${101 + MAX_WATCHED}`]);
  });

  it("keep the colour of their type", () => {
    const colours = new ColourOf();
    const names = Array.from({ length: PALETTE + 3 }, (_, at) => `T${at}`);
    expect(names.map((name) => colours.of(name)).slice(-4)).toEqual([5, 5, 5, 5]);
    expect(colours.of("T1")).toBe(1);
  });
});

describe("clusters", () => {
  const located: Located[] = Array.from({ length: 5_000 }, (_, at) => ({
    id: `Car.${at}`,
    type: at % 2 ? "Car" : "Bus",
    point: { latitude: 40 + (at % 70) * 0.1, longitude: (at % 100) * 0.1 },
  }));
  const index = new EntityIndex(located, (type) => (type === "Car" ? 0 : 1));

  it("hold every entity once, by colour", () => {
    const marks = index.marks(world, 3);
    expect(marks.length).toBeLessThan(100);
    const count = marks.reduce((sum, mark) => sum + (mark.kind === "cluster" ? mark.count : 1), 0);
    expect(count).toBe(5_000);
    const clusters = marks.filter((mark) => mark.kind === "cluster");
    for (const { counts, count } of clusters) expect(counts.reduce((sum, one) => sum + one)).toBe(count);
    expect(clusters.flatMap(({ cluster }) => index.members(cluster)).length).toBeGreaterThan(4_900);
  });

  it("open until what is left is at the very same place", () => {
    const [mark] = index.marks(world, 3).filter((one) => one.kind === "cluster");
    expect(index.splitsAt(mark!.cluster)).toBeGreaterThan(3);
    const heap = Array.from({ length: 20 }, (_, at) => ({ id: `P.${at}`, type: "P", point: here }));
    const closed = new EntityIndex(heap, () => 0).marks(world, 18);
    expect(closed).toMatchObject([{ kind: "cluster", count: 20 }]);
  });

  it("draw a few at one place around it", () => {
    const few = ["a", "b", "c"].map((id) => ({ id, type: "P", point: here }));
    const marks = new EntityIndex(few, () => 0).marks(world, 10);
    expect(marks.map((mark) => mark.kind === "entity" && mark.id)).toEqual(["a", "b", "c"]);
    expect(around(0, 3, 9)).toMatchObject({ y: -9 });
  });

  it("join sites that are near each other at a zoom", () => {
    const near = { latitude: here.latitude + 0.01, longitude: here.longitude };
    const sites = sitesOf([worker("a", here), worker("b", near), worker("c", there)], [], [], all);
    const clusters = new SiteIndex(sites);
    expect(clusters.marks(world, 5).map((mark) => mark.sites.length)).toEqual([2, 1]);
    expect(clusters.marks(world, 16)).toHaveLength(3);
  });
});

describe("flows", () => {
  const streams = { Inputs: [{ Type: "Car", ID: "Car.1" }], Outputs: [{ Type: "Sum", ID: "Sum.1" }] };
  const one = instance("Task.1", "Worker.a", streams);
  const other = instance("Task.2", "Worker.b", { ...streams, ServiceIntentID: "ServiceIntent.2" });
  const instances = [one, other, instance("Task.3", "Worker.a", { ...streams, Status: "removed" })];

  it("go from what has a place to what has one", () => {
    const flows = flowsOf(
      [one, other],
      ({ Worker }) => Worker === "Worker.a",
      (id) => id === "Car.1",
    );
    expect(flows).toEqual([
      { instance: "Task.1", entity: "Car.1", direction: "in", task: "traffic / count" },
    ]);
  });

  it("concern an instance, its intent, its worker and its entities", () => {
    const ids = (id: string) => concerned(id, instances).map((found) => found.ID);
    expect(ids("Task.1")).toEqual(["Task.1"]);
    expect(ids("ServiceIntent.2")).toEqual(["Task.2"]);
    expect(ids("Worker.a")).toEqual(["Task.1"]);
    expect(ids("Sum.1")).toEqual(["Task.1", "Task.2"]);
    expect(ids("Broker.a")).toEqual([]);
  });

  it("are all shown while they are few, later only those chosen", () => {
    const flow = { instance: "Task.1", entity: "Car.1", direction: "in" as const, task: "t" };
    const many = Array.from({ length: FEW + 1 }, () => flow);
    expect(chosenFlows([flow], undefined).flows).toHaveLength(1);
    expect(chosenFlows(many, undefined)).toEqual({ flows: [], all: FEW + 1 });
    expect(chosenFlows(many, "Task.1").flows).toHaveLength(FEW + 1);
    expect(chosenFlows([flow, { ...flow, entity: "Car.2" }], "Car.2").flows).toHaveLength(1);
  });
});

describe("motion", () => {
  it("glides to the new place and then rests", () => {
    const motion = new Motion(false);
    expect(motion.set("Car.1", { latitude: 0, longitude: 0 }, 0)).toBe(true);
    expect(motion.moving(0)).toBe(false);
    expect(motion.set("Car.1", { latitude: 1, longitude: 0 }, 100)).toBe(true);
    expect(motion.set("Car.1", { latitude: 1, longitude: 0 }, 120)).toBe(false);
    const half = motion.now("Car.1", 300)!.latitude;
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(1);
    expect(motion.moving(300)).toBe(true);
    expect(motion.moving(900)).toBe(false);
    expect(motion.now("Car.1", 900)).toEqual({ latitude: 1, longitude: 0 });
  });

  it("jumps when it is to be still or the way is far", () => {
    for (const motion of [new Motion(true), new Motion(false)]) {
      motion.set("Car.1", { latitude: 0, longitude: 0 }, 0);
      motion.set("Car.1", { latitude: 0, longitude: 90 }, 1);
      expect(motion.now("Car.1", 2)).toEqual({ latitude: 0, longitude: 90 });
    }
  });
});

describe("things", () => {
  it("are called by what tells them apart", () => {
    const ids = ["Worker.north", "Task.anomaly-detection.detector.123", "Task.a.b", "Car.7.1"];
    expect(ids.map(shortId)).toEqual(["north", "detector.123", "a.b", "Car.7.1"]);
  });

  const known: Known = {
    workers: new Map([["Worker.a", worker("Worker.a", here)]]),
    brokers: [broker("Broker.a", there)],
    instances: new Map([["Task.1", instance("Task.1", "Worker.a")]]),
    entities: new Map([["Car.1", entity("Car.1", "Car", there)]]),
    intents: { "ServiceIntent.1": { id: "ServiceIntent.1", topology: "traffic" } },
  };

  it("are found by all words of what is asked", () => {
    const ids = (text: string) => search(text, known).map(({ id }) => id);
    expect(ids("car")).toEqual(["Car.1"]);
    expect(ids("traffic intent")).toEqual(["ServiceIntent.1"]);
    expect(ids("count running")).toEqual(["Task.1"]);
    expect(ids("  ")).toEqual([]);
  });

  it("are in view where they stand, an instance at its worker", () => {
    const europe = { west: 0, east: 20, south: 40, north: 60 };
    expect(inView(known, europe, () => true).map(({ id }) => id)).toEqual(["Worker.a", "Task.1"]);
    expect(inView(known, europe, ({ kind }) => kind !== "instance")).toHaveLength(1);
  });
});
