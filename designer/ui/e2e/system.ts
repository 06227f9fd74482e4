// A whole system over a real RabbitMQ: discovery, broker, master, designer and workers at several places.
import { Fogflow, freePort } from "./processes";

export interface Place {
  site: string;
  latitude: number;
  longitude: number;
}

export type Part = "discovery" | "broker" | "master" | "designer" | `worker ${string}`;

const CLOUD: Place = { site: "heidelberg", latitude: 49.41, longitude: 8.69 };

interface Options {
  workers?: Place[];
  /** The most task instances of each worker. */
  capacity?: number;
}

export class System {
  private constructor(
    private readonly parts: Map<Part, Fogflow>,
    /** Where the designer and so the dashboard is. */
    readonly url: string,
    readonly brokerUrl: string,
  ) {}

  static async start({ workers = [CLOUD], capacity = 50 }: Options = {}): Promise<System> {
    const bus = process.env.RABBITMQ_PORT;
    if (!bus)
      throw new Error(
        "RABBITMQ_PORT must name the port of a RabbitMQ with the user admin and password mypass",
      );
    const [discovery, broker, agent, rest, web, webAgent] = await Promise.all(
      Array.from({ length: 6 }, freePort),
    );
    const of = ({ site, latitude, longitude }: Place, worker: object = {}) => ({
      site_id: site,
      bind_ip: "127.0.0.1",
      internal_hostip: "127.0.0.1",
      external_hostip: "127.0.0.1",
      physical_location: { latitude, longitude },
      discovery: { host_ip: "127.0.0.1", http_port: discovery },
      broker: { host_ip: "127.0.0.1", http_port: broker, heartbeat_interval: 2 },
      master: { host_ip: "127.0.0.1", ngsi_agent_port: agent, rest_api_port: rest },
      designer: { host_ip: "127.0.0.1", webSrvPort: web, agentPort: webAgent },
      rabbitmq: { host_ip: "127.0.0.1", port: Number(bus), username: "admin", password: "mypass" },
      worker: { capacity, heartbeat_interval: 1, detection_duration: 3, http_port: 0, ...worker },
    });
    const parts = new Map<Part, Fogflow>();
    const service = (name: Part, port: number | undefined) =>
      parts.set(name, new Fogflow([name], of(CLOUD), `http://127.0.0.1:${port}/readyz`));
    service("discovery", discovery);
    service("broker", broker);
    service("master", rest);
    service("designer", web);
    for (const place of workers) {
      const port = await freePort();
      const config = of(place, { http_port: port });
      parts.set(`worker ${place.site}`, new Fogflow(["worker"], config, `http://127.0.0.1:${port}/readyz`));
    }
    const system = new System(parts, `http://127.0.0.1:${web}`, `http://127.0.0.1:${broker}`);
    for (const part of parts.values()) await part.start();
    return system;
  }

  part(name: Part): Fogflow {
    const part = this.parts.get(name);
    if (!part) throw new Error(`no ${name} in this system`);
    return part;
  }

  async stop() {
    for (const part of [...this.parts.values()].reverse()) await part.remove();
  }

  async get<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.url}${path}`);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async post(path: string, body: unknown) {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${this.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
    return answer.text();
  }
}
