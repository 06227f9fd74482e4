// Everything on the map's canvas: what is where, how it is drawn, and what a click means.
import type { Point } from "@/api/types";
import type { CanvasView, Colours } from "@/map";
import {
  type Bounds,
  type ClusterMark,
  EntityIndex,
  type EntityMark,
  SiteIndex,
  type SiteMark,
} from "../model/cluster";
import type { ColourOf, Located } from "../model/entities";
import type { Flow } from "../model/flows";
import { Motion } from "../model/motion";
import type { Site } from "../model/sites";
import { type Area, isNearEdge, paintAreas } from "./areas";
import { type Anchor, joined, paintArrows } from "./arrows";
import { anchorsOf, beside, type Node, nodeOf, type Placed } from "./layout";
import { clusterRadius, ENTITY_PX, paintCluster, paintEntity, paintHalo, paintSite } from "./marks";
import { shades } from "./palette";

export interface Inputs {
  entities: Located[];
  sites: Site[];
  flows: Flow[];
  areas: Area[];
  selected?: string;
  colours: Colours;
  types: ColourOf;
  tasks: ColourOf;
}

/** What a click means. */
export type Target = { ids: string[] } | { at: Point; zoom: number };

interface Hit {
  x: number;
  y: number;
  radius: number;
  target: () => Target;
}

/** Clusters are formed anew at most so often, and never for more than a fifteenth of the time. */
const MIN_GAP_MS = 250;
const REST = 15;
/** What moves is drawn 30 times a second, so that half of the time is left for everything else. */
const GLIDE_FRAME_MS = 32;
const TOUCH_PX = 6;

export class Scene {
  private inputs: Inputs | undefined;
  private entityIndex: EntityIndex | undefined;
  private siteIndex: SiteIndex | undefined;
  private readonly motion: Motion;
  private marks: { view: CanvasView; entities: (EntityMark | ClusterMark)[]; sites: SiteMark[] } | undefined;
  private hits: Hit[] = [];
  private view: CanvasView | undefined;
  private stale = false;
  private builtAt = 0;
  private cost = 0;
  private timer = 0;
  private gliding = 0;

  constructor(
    private readonly redraw: () => void,
    still = matchMedia("(prefers-reduced-motion: reduce)").matches,
  ) {
    this.motion = new Motion(still);
  }

  update(inputs: Inputs) {
    const before = this.inputs;
    this.inputs = inputs;
    if (before?.sites !== inputs.sites) {
      this.siteIndex = new SiteIndex(inputs.sites);
      this.marks = undefined;
    }
    if (before?.entities !== inputs.entities && this.moved(inputs.entities)) this.rebuild();
    this.redraw();
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.gliding);
  }

  paint(context: CanvasRenderingContext2D, view: CanvasView) {
    const { inputs } = this;
    this.view = view;
    this.hits = [];
    if (!inputs) return;
    const now = performance.now();
    const { entities, sites } = this.marksIn(view);
    const nodes = sites.map((mark) => nodeOf(mark, view));
    const placed = entities.map((mark) => beside({ mark, ...this.pixels(mark, view, now) }, nodes));
    paintAreas(context, view, inputs.areas, inputs.selected, inputs.colours);
    if (inputs.flows.length > 0) {
      const anchors = anchorsOf(placed, nodes, (cluster) => this.entityIndex?.members(cluster) ?? []);
      this.paintFlows(context, view, inputs, anchors);
    }
    this.paintEntities(context, placed, inputs);
    this.paintSites(context, nodes, inputs);
    if (this.motion.moving(now)) this.glide();
  }

  /** Draws again for what moves. */
  private glide() {
    clearTimeout(this.gliding);
    this.gliding = window.setTimeout(this.redraw, GLIDE_FRAME_MS);
  }

  /** What is at a place of the canvas. */
  pick(x: number, y: number): Target | undefined {
    let best: Hit | undefined;
    let nearest = Number.POSITIVE_INFINITY;
    for (const hit of this.hits) {
      const far = Math.hypot(hit.x - x, hit.y - y);
      if (far <= hit.radius + TOUCH_PX && far <= nearest) [best, nearest] = [hit, far];
    }
    return best?.target() ?? this.edgeAt(x, y);
  }

  private moved(entities: Located[]): boolean {
    const now = performance.now();
    let changed = entities.length !== this.motion.size;
    for (const { id, point } of entities) if (this.motion.set(id, point, now)) changed = true;
    if (this.motion.size > entities.length) {
      const there = new Set(entities.map(({ id }) => id));
      for (const id of [...this.motion.known]) if (!there.has(id)) this.motion.forget(id);
      changed = true;
    }
    return changed;
  }

  private rebuild() {
    const wait = this.builtAt + Math.max(MIN_GAP_MS, this.cost * REST) - performance.now();
    this.stale = true;
    if (wait <= 0) return this.build();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.build();
      this.redraw();
    }, wait);
  }

  private build() {
    if (!this.inputs || !this.stale) return;
    const start = performance.now();
    const { entities, types } = this.inputs;
    this.entityIndex = new EntityIndex(entities, (type) => types.of(type));
    this.marks = undefined;
    this.stale = false;
    this.builtAt = performance.now();
    this.cost = this.builtAt - start;
  }

  private marksIn(view: CanvasView) {
    if (this.marks?.view !== view) {
      const bounds: Bounds = [
        view.longitude(0),
        view.latitude(view.height),
        view.longitude(view.width),
        view.latitude(0),
      ];
      const entities = this.entityIndex?.marks(bounds, view.zoom) ?? [];
      const sites = this.siteIndex?.marks(bounds, view.zoom) ?? [];
      this.marks = { view, entities, sites };
    }
    return this.marks;
  }

  private pixels(mark: EntityMark | ClusterMark, view: CanvasView, now: number) {
    const at = mark.kind === "entity" ? (this.motion.now(mark.id, now) ?? mark.at) : mark.at;
    const shift = mark.kind === "entity" ? mark.shift : { x: 0, y: 0 };
    return { x: view.x(at.longitude) + shift.x, y: view.y(at.latitude) + shift.y };
  }

  private paintFlows(
    context: CanvasRenderingContext2D,
    view: CanvasView,
    { flows, tasks, colours }: Inputs,
    anchors: Map<string, Anchor>,
  ) {
    const anchorOf = (id: string) => anchors.get(id) ?? this.beyond(id, view);
    const arrows = flows.flatMap(({ instance, entity, direction, task }) => {
      const [worker, thing] = [anchorOf(instance), anchorOf(entity)];
      if (!worker || !thing) return [];
      const shade = tasks.of(task);
      return direction === "in" ? [{ from: thing, to: worker, shade }] : [{ from: worker, to: thing, shade }];
    });
    paintArrows(context, joined(arrows), shades(colours));
  }

  /** The place of what lies outside the canvas. */
  private beyond(id: string, view: CanvasView): Anchor | undefined {
    const at =
      this.motion.latest(id) ??
      this.inputs?.sites.find((site) => site.instances.some((one) => one.ID === id))?.point;
    return at && { x: view.x(at.longitude), y: view.y(at.latitude), radius: ENTITY_PX };
  }

  private paintEntities(context: CanvasRenderingContext2D, placed: Placed[], inputs: Inputs) {
    const { colours, selected, types } = inputs;
    const shade = shades(colours);
    for (const { mark, x, y } of placed) {
      if (mark.kind === "entity") {
        if (mark.id === selected) paintHalo(context, x, y, ENTITY_PX, colours);
        paintEntity(context, x, y, shade[types.of(mark.type)]!, colours.surface);
        this.hits.push({ x, y, radius: ENTITY_PX, target: () => ({ ids: [mark.id] }) });
      } else {
        paintCluster(context, x, y, mark, shade, colours);
        this.hits.push({ x, y, radius: clusterRadius(mark.count), target: () => this.opened(mark) });
      }
    }
  }

  private opened({ cluster, at }: ClusterMark): Target {
    const zoom = this.entityIndex?.splitsAt(cluster);
    return zoom === undefined ? { ids: this.entityIndex?.members(cluster) ?? [] } : { at, zoom };
  }

  private paintSites(context: CanvasRenderingContext2D, nodes: Node[], { colours, selected }: Inputs) {
    for (const { mark, x, y, dots, radius } of nodes) {
      const ids = mark.sites.flatMap((site) => [...site.workers, ...site.brokers].map((node) => node.id));
      if (selected && ids.includes(selected)) paintHalo(context, x, y, radius, colours);
      for (const dot of dots) if (dot.instance.ID === selected) paintHalo(context, dot.x, dot.y, 5, colours);
      paintSite(context, x, y, mark, dots, colours);
      this.hits.push({ x, y, radius, target: () => this.siteTarget(mark, ids) });
      for (const dot of dots) {
        this.hits.push({ x: dot.x, y: dot.y, radius: 5, target: () => ({ ids: [dot.instance.ID] }) });
      }
    }
  }

  private siteTarget({ cluster, at }: SiteMark, ids: string[]): Target {
    const zoom = cluster === undefined ? undefined : this.siteIndex?.splitsAt(cluster);
    return zoom === undefined ? { ids } : { at, zoom };
  }

  private edgeAt(x: number, y: number): Target | undefined {
    const { view, inputs } = this;
    const hit = view && inputs?.areas.find(({ ring }) => isNearEdge(ring, view, x, y));
    return hit && { ids: [hit.id] };
  }
}
