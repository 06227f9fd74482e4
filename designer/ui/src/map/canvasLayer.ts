// One canvas over the map. It is somewhat larger than the view, so that moving the map needs no drawing until it has gone far.
import L from "leaflet";
import { latitudeOf, mercatorX, mercatorY } from "./geometry";

const PADDING = 0.12;
const TILE = 256;

/** What a painter sees: where a place is on the canvas, and how much there is of it. */
export interface View {
  zoom: number;
  width: number;
  height: number;
  x(longitude: number): number;
  y(latitude: number): number;
  longitude(x: number): number;
  latitude(y: number): number;
  /** The length of the side of the Mercator square. */
  scale: number;
  /** The upper left corner of the canvas on the Mercator square of that length. */
  left: number;
  top: number;
}

export type Paint = (context: CanvasRenderingContext2D, view: View) => void;

export class CanvasLayer extends L.Layer {
  private canvas = document.createElement("canvas");
  private frame = 0;
  private topLeft = L.point(0, 0);
  private centre = L.latLng(0, 0);
  private zoom = 0;
  private seen: View | undefined;

  constructor(
    private paint: Paint,
    private readonly paneName = "overlayPane",
  ) {
    super();
    this.canvas.className = "leaflet-zoom-animated";
    this.canvas.setAttribute("aria-hidden", "true");
    this.canvas.style.pointerEvents = "none";
  }

  override onAdd(map: L.Map): this {
    map.getPane(this.paneName)?.append(this.canvas);
    this.reset();
    return this;
  }

  override onRemove(): this {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.canvas.remove();
    return this;
  }

  override getEvents(): Record<string, L.LeafletEventHandlerFn> {
    return {
      viewreset: () => this.reset(),
      moveend: () => this.reset(),
      resize: () => this.reset(),
      move: () => this.follow(),
      zoom: () => this.transform(this._map.getCenter(), this._map.getZoom()),
      zoomanim: (event) => {
        const { center, zoom } = event as L.ZoomAnimEvent;
        this.transform(center, zoom);
      },
    };
  }

  setPaint(paint: Paint) {
    this.paint = paint;
    this.redraw();
  }

  /** Draws at the next frame. */
  redraw() {
    if (!this._map || this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  /** What was drawn last; undefined before. */
  get view(): View | undefined {
    return this.seen;
  }

  /** Where a place of the container is on the canvas. */
  fromContainer(point: L.Point): L.Point {
    return this._map.containerPointToLayerPoint(point).subtract(this.topLeft);
  }

  private follow() {
    if (this._map.getZoom() !== this.zoom) return;
    const moved = this._map.latLngToContainerPoint(this.centre).subtract(this._map.getSize().divideBy(2));
    const size = this._map.getSize();
    if (Math.abs(moved.x) > size.x * PADDING * 0.8 || Math.abs(moved.y) > size.y * PADDING * 0.8)
      this.reset();
  }

  private reset() {
    const map = this._map;
    const size = map.getSize();
    const margin = size.multiplyBy(PADDING).round();
    this.topLeft = map.containerPointToLayerPoint(L.point(0, 0).subtract(margin)).round();
    this.centre = map.getCenter();
    this.zoom = map.getZoom();
    const whole = size.add(margin.multiplyBy(2));
    this.resize(whole);
    L.DomUtil.setPosition(this.canvas, this.topLeft);
    this.seen = this.viewOf(whole);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.draw();
  }

  private resize({ x, y }: L.Point) {
    const ratio = devicePixelRatio || 1;
    const [width, height] = [Math.round(x * ratio), Math.round(y * ratio)];
    if (this.canvas.width === width && this.canvas.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.canvas.style.width = `${x}px`;
    this.canvas.style.height = `${y}px`;
  }

  private viewOf(size: L.Point): View {
    const scale = TILE * 2 ** this.zoom;
    const origin = this._map.getPixelOrigin().add(this.topLeft);
    return {
      zoom: this.zoom,
      width: size.x,
      height: size.y,
      scale,
      left: origin.x,
      top: origin.y,
      x: (longitude) => mercatorX(longitude) * scale - origin.x,
      y: (latitude) => mercatorY(latitude) * scale - origin.y,
      longitude: (x) => ((x + origin.x) / scale - 0.5) * 360,
      latitude: (y) => latitudeOf((y + origin.y) / scale),
    };
  }

  private draw() {
    const context = this.canvas.getContext("2d");
    if (!context || !this.seen) return;
    const ratio = devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.seen.width, this.seen.height);
    this.paint(context, this.seen);
  }

  /** Stretches what is drawn while the zoom changes; it is drawn anew when that ends. */
  private transform(centre: L.LatLng, zoom: number) {
    const map = this._map;
    const scale = map.getZoomScale(zoom, this.zoom);
    const half = map.getSize().divideBy(2);
    const pane = map.getPane("mapPane");
    const shift = pane ? L.DomUtil.getPosition(pane) : L.point(0, 0);
    const origin = map.project(centre, zoom).subtract(half).add(shift).round();
    const margin = map.getSize().multiplyBy(PADDING).round();
    const offset = half.add(margin).multiplyBy(-scale).add(map.project(this.centre, zoom)).subtract(origin);
    L.DomUtil.setTransform(this.canvas, offset, scale);
  }
}
