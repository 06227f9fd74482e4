// The pages, in the order of the menu.
import { type ComponentType, lazy } from "react";
import type { IconName } from "@/ui";

export interface Entry {
  page: string;
  name: string;
  icon: IconName;
  view: ComponentType;
}

interface Group {
  name: string;
  entries: Entry[];
}

export const groups: Group[] = [
  {
    name: "Watch",
    entries: [
      { page: "overview", name: "Overview", icon: "overview", view: lazy(() => import("@/pages/overview")) },
      { page: "map", name: "Map", icon: "map", view: lazy(() => import("@/pages/map")) },
      { page: "running", name: "Running", icon: "running", view: lazy(() => import("@/pages/running")) },
    ],
  },
  {
    name: "Build",
    entries: [
      {
        page: "operators",
        name: "Operators",
        icon: "operators",
        view: lazy(() => import("@/pages/operators")),
      },
      {
        page: "topologies",
        name: "Topologies",
        icon: "topologies",
        view: lazy(() => import("@/pages/topologies")),
      },
      { page: "intents", name: "Intents", icon: "intents", view: lazy(() => import("@/pages/intents")) },
      {
        page: "functions",
        name: "Fog functions",
        icon: "functions",
        view: lazy(() => import("@/pages/functions")),
      },
    ],
  },
  {
    name: "Data",
    entries: [
      { page: "context", name: "Context", icon: "context", view: lazy(() => import("@/pages/context")) },
      { page: "devices", name: "Devices", icon: "devices", view: lazy(() => import("@/pages/devices")) },
    ],
  },
  {
    name: "Help",
    entries: [
      { page: "guide", name: "First steps", icon: "guide", view: lazy(() => import("@/pages/guide")) },
    ],
  },
];

export const entries = groups.flatMap((group) => group.entries);

export const entryOf = (page: string) => entries.find((entry) => entry.page === page);
