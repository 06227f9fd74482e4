// Parameters that the workers understand, and what they take for a value.
import type { Parameter } from "@/api/types";

/** What the operator can run as: that decides what some parameters may be. */
export interface RunsAs {
  image: boolean;
  code: boolean;
}

export interface Known {
  name: string;
  label: string;
  hint: string;
  example?: string;
  /** Offered only for operators that run so. */
  only?: keyof RunsAs;
  /** What to choose from, besides nothing. */
  choice?: readonly string[];
  problem?: (value: string, runs: RunsAs) => string | undefined;
}

const between = (least: number, most: number, whole = true) => {
  const numeral = whole ? /^\d+$/ : /^\d*\.?\d+$/;
  return (value: string) => {
    const fits = numeral.test(value.trim()) && Number(value) >= least && Number(value) <= most;
    return fits ? undefined : `must be a ${whole ? "whole " : ""}number from ${least} to ${most}`;
  };
};

/** An engine of containers takes no less than 6 MiB, one of functions no more than 1024. */
const memory = (value: string, { image, code }: RunsAs) =>
  between(image ? 6 : 1, code ? 1_024 : 1_048_576)(value);

function ports(value: string): string | undefined {
  const texts = value.split(";").map((text) => text.trim());
  const wrong = texts.filter(Boolean).find((text) => between(1, 65_535)(text));
  return wrong && `must be ports such as 8080;8081, has ${wrong}`;
}

export const limits: Known[] = [
  { name: "memory_mb", label: "Memory (MiB)", hint: "Most it may use.", example: "64", problem: memory },
  {
    name: "cpus",
    label: "CPUs",
    hint: "Processors' worth of time.",
    example: "0.5",
    only: "image",
    problem: between(0.01, 1_024, false),
  },
  {
    name: "pids",
    label: "Processes",
    hint: "Processes and threads. Docker only; 1024 when left out.",
    example: "100",
    only: "image",
    problem: between(1, 65_536),
  },
  {
    name: "timeout_ms",
    label: "Longest call (ms)",
    hint: "1000 when left out.",
    example: "1000",
    only: "code",
    problem: between(1, 60_000),
  },
  {
    name: "memory_request_mb",
    label: "Reserved memory (MiB)",
    hint: "Kubernetes only. As the limit when left out.",
    example: "32",
    only: "image",
    problem: between(1, 1_048_576),
  },
  {
    name: "cpus_request",
    label: "Reserved CPUs",
    hint: "Kubernetes only. As the limit when left out.",
    example: "0.1",
    only: "image",
    problem: between(0.001, 1_024, false),
  },
];

export const servicePort: Known = {
  name: "service_port",
  label: "Service ports",
  hint: "Ports it offers to other programs, with ; between them. An entity of type uService says where.",
  example: "9000;9001",
  only: "image",
  problem: ports,
};

export const placement: Known[] = [
  { name: "site_id", label: "Site", hint: "Runs only at workers of this site.", example: "shop-7" },
  { name: "hardware", label: "Hardware", hint: "Of the worker.", choice: ["amd64", "arm64", "arm"] },
  { name: "os", label: "Operating system", hint: "Of the worker.", choice: ["linux"] },
];

/** Known by name only: they stay in the list of parameters. */
export const others: Record<string, string> = {
  env: "NAME=value, several times for several variables",
  env_from_config_map:
    "Kubernetes: ConfigMaps whose entries become environment variables, such as model;limits",
  env_from_secret: "Kubernetes: Secrets whose entries become environment variables, such as api-key",
  mount_config_map: "Kubernetes: ConfigMaps as read-only files, such as model:/model",
  mount_secret: "Kubernetes: Secrets as read-only files, such as tls:/etc/tls",
  node_selector: "Kubernetes: labels a node must have, such as disk=ssd;zone=a",
  tolerations: "Kubernetes: key=value:Effect, key:Effect or key",
  affinity: "Kubernetes: JSON as in a pod",
  priority_class: "Kubernetes: name of a PriorityClass",
  image_pull_policy: "Kubernetes: Always, IfNotPresent or Never",
  image_pull_secrets: "Kubernetes: names of Secrets, such as team-a;team-b",
  run_as_user: "Kubernetes: user and group, 1 or more",
  read_only_root: "Kubernetes: false lets the program write to its image's files",
};

export const known = new Map([...limits, servicePort, ...placement].map((each) => [each.name, each]));

/** The value of a parameter; of one that is given several times, all of them. */
export const parameterOf = (parameters: readonly Parameter[], name: string) =>
  parameters
    .filter((parameter) => parameter.name === name)
    .map((parameter) => parameter.value)
    .join(";");

/** The parameters with one of them changed in its place, added, or taken out when `value` is empty. */
export function withValue(parameters: readonly Parameter[], name: string, value: string): Parameter[] {
  const at = parameters.findIndex((parameter) => parameter.name === name);
  if (at < 0) return value ? [...parameters, { name, value }] : [...parameters];
  return parameters.flatMap((parameter, index) => {
    if (parameter.name !== name) return [parameter];
    return index === at && value ? [{ ...parameter, value }] : [];
  });
}
