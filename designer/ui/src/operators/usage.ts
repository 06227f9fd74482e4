// Which topologies and fog functions use an operator.
import type { FogFunction, Service, Topology } from "@/api/types";

export interface User {
  page: "topologies" | "functions";
  name: string;
}

type Documents<T> = Record<string, T> | undefined;

/** For each operator, who uses it. */
export function usersOf(
  services: Documents<Service>,
  functions: Documents<FogFunction>,
): Map<string, User[]> {
  const users = new Map<string, User[]>();
  const note = (user: User, topology: Topology | undefined) => {
    for (const operator of new Set(topology?.tasks?.map((task) => task.operator))) {
      users.set(operator, [...(users.get(operator) ?? []), user]);
    }
  };
  for (const [name, service] of Object.entries(services ?? {})) {
    note({ page: "topologies", name }, service.topology);
  }
  for (const [name, fog] of Object.entries(functions ?? {})) note({ page: "functions", name }, fog.topology);
  return users;
}

export interface Types {
  input: string;
  output: string;
}

/** What the first task that runs the operator reads and writes: worth trying it with. */
export function typesOf(
  operator: string,
  services: Documents<Service>,
  functions: Documents<FogFunction>,
): Types {
  const topologies = [...Object.values(services ?? {}), ...Object.values(functions ?? {})].map(
    (it) => it.topology,
  );
  const tasks = topologies.flatMap((topology) => topology?.tasks ?? []);
  const task = tasks.find((each) => each.operator === operator);
  return {
    input: task?.input_streams?.[0]?.selected_type ?? "",
    output: task?.output_streams?.[0]?.entity_type ?? "",
  };
}
