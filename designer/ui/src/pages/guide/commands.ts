// Commands for the addresses that the viewer uses.

const reading = {
  contextElements: [
    {
      entityId: { id: "Thermometer.1", type: "Thermometer", isPattern: false },
      attributes: [{ name: "temperature", type: "float", value: 21.5 }],
      domainMetadata: [{ name: "location", type: "point", value: { latitude: 49.41, longitude: 8.69 } }],
    },
  ],
  updateAction: "UPDATE",
};

/** Sends one update through the address at which this page is. */
export const updateCommand = (origin: string) => `curl ${origin}/ngsi10/updateContext \\
  -H 'Content-Type: application/json' \\
  -d '${JSON.stringify(reading)}'`;

const isLocal = (host: string) => /^(localhost|127\.|\[?::1)/.test(host);

/** On this machine itself the address that others use is not known. */
export function edgeConfig(host: string): string {
  const config = {
    site_id: "edge-1",
    coreservice_ip: isLocal(host) ? "ADDRESS_OF_THIS_MACHINE" : host,
    external_hostip: "ADDRESS_OF_THE_EDGE_NODE",
    physical_location: { latitude: 49.41, longitude: 8.69 },
    worker: { container_management: "function" },
    rabbitmq: { username: "admin", password: "PASSWORD" },
  };
  return JSON.stringify(config, null, 2);
}

export const edgeCommand = "fogflow edge -f config.json";
