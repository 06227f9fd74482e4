// The documents of the designer, as they travel. Members that only other clients know are kept in `[key: string]`.

export interface Point {
  latitude: number;
  longitude: number;
}

export interface Parameter {
  name: string;
  value: string;
}

export interface DockerImage {
  name: string;
  tag: string;
  hwType: string;
  osType: string;
  prefetched: boolean;
  [key: string]: unknown;
}

export interface Operator {
  name: string;
  description?: string;
  parameters?: Parameter[];
  dockerimages?: DockerImage[];
  /** JavaScript that defines `exports.handler`. */
  functionCode?: string;
  [key: string]: unknown;
}

export interface InputStream {
  selected_type: string;
  selected_attributes: string[];
  /** `EntityID`, `EntityType`, `ALL`, or the name of an attribute or domain metadatum. */
  groupby: string;
  scoped: boolean;
}

export interface Task {
  name: string;
  operator: string;
  input_streams: InputStream[];
  output_streams: { entity_type: string }[];
  [key: string]: unknown;
}

export interface Topology {
  name: string;
  description?: string;
  tasks: Task[];
  operators?: Operator[];
  [key: string]: unknown;
}

/** A topology with its drawing. */
export interface Service {
  topology: Topology;
  designboard?: unknown;
  [key: string]: unknown;
}

export type GeoScope =
  | { scopeType: "global"; scopeValue: unknown }
  | { scopeType: "circle"; scopeValue: { centerLatitude: number; centerLongitude: number; radius: number } }
  | { scopeType: "polygon"; scopeValue: { vertices: Point[] } };

export interface Intent {
  id: string;
  topology: string;
  stype?: string;
  qos?: string;
  priority?: { exclusive: boolean; level: number };
  geoscope?: GeoScope;
  parameters?: Parameter[];
  action?: string;
  [key: string]: unknown;
}

export interface FogFunction {
  name: string;
  topology: Topology;
  intent: Intent;
  designboard?: unknown;
  status: "enabled" | "disabled";
  [key: string]: unknown;
}

export interface Metadatum {
  name: string;
  type?: string;
  value: unknown;
}

export interface Attribute {
  name: string;
  type?: string;
  value: unknown;
  metadata?: Metadatum[];
}

/** An entity as NGSI-10 writes it. */
export interface Element {
  entityId: { id: string; type: string; isPattern?: boolean };
  attributes?: Attribute[];
  domainMetadata?: Metadatum[];
}

export type ServiceState = "ready" | "not ready" | "running" | "away";

export interface ServiceHealth {
  name: string;
  url?: string;
  state: ServiceState;
  reason?: string | Record<string, string> | null;
}

export interface Broker {
  id: string;
  url: string;
  location?: Point;
  state: "ready" | "silent";
  /** Epoch milliseconds. */
  seen: number;
  updates?: number;
  notifications?: number;
  queued?: number;
  entities?: number;
}

export interface Master {
  id: string;
  location?: Point;
  agent: string;
  rest?: string;
  role?: "active" | "standby";
}

export interface Worker {
  id: string;
  location?: Point;
  os?: string;
  hardware?: string;
  capacity: number;
  workload: number;
  engines?: string[];
  EdgeAddress?: string;
  seen: number;
  state: "ready" | "silent" | "left";
}

export type InstanceStatus = "scheduled" | "running" | "paused" | "failed" | "removed" | "refused";

export interface Instance {
  ID: string;
  TopologyName: string;
  TaskName: string;
  ServiceIntentID: string;
  Status: InstanceStatus;
  Reason?: string;
  /** Empty while it waits for one. */
  Worker: string;
  Info?: string;
  Inputs?: { Type: string; ID: string }[];
  Outputs?: { Type: string; ID: string }[];
  /** Entities a second, in and out. */
  InputRate?: number;
  OutputRate?: number;
  Since?: number;
}

/** How things stood at one moment; rates are per second. */
export interface Sample {
  at: number;
  updates: number;
  notifications: number;
  failures: number;
  queued: number;
  bus: number;
  instances: { running: number; scheduled: number; failed: number; paused: number };
  workers: number;
  entities: number;
  types: Record<string, number>;
  unreachable: string[];
}

export interface Alert {
  id: number;
  severity: "bad" | "warn" | "good";
  at: number;
  /** When it was over. */
  until?: number | null;
  text: string;
  link?: { page: string; id?: string };
}

export type DocumentKind = "operator" | "service" | "intent" | "fogfunction" | "device" | "subscription";
export type Revisions = Record<DocumentKind, number>;

export interface Snapshot {
  now: number;
  version: string;
  site: string;
  services: ServiceHealth[];
  brokers: Broker[];
  masters: Master[];
  workers: Worker[];
  instances: Instance[];
  alerts: Alert[];
  history: Sample[];
  revisions: Revisions;
}

export interface SubscriptionInfo {
  id: string;
  broker: string;
  request: {
    entities: { id?: string; type?: string; isPattern?: boolean }[];
    attributes?: string[];
    reference: string;
    [key: string]: unknown;
  };
  correlator?: string;
  status: "active" | "failing";
  timesSent: number;
  lastNotification?: string;
  lastSuccess?: string;
  lastFailure?: string;
  lastFailureReason?: string;
  failsCounter: number;
  queued: number;
}

export interface Tried {
  published?: Element[];
  queries?: unknown[];
  subscriptions?: unknown[];
  log: string[];
  took_ms?: number;
  /** How many were still to fire at the end. */
  timers?: number;
  error?: { message: string; line?: number; column?: number };
}

export interface Settings {
  version: string;
  site: string;
  tiles?: { url: string; attribution: string };
}
