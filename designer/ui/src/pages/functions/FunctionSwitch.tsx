// Enables or disables a fog function.
import { useChange } from "@/api/documents";
import { post, problemOf, segment } from "@/api/http";
import type { FogFunction } from "@/api/types";
import { toast } from "@/ui";
import { Switch } from "./Switch";

export function FunctionSwitch({ of: { name, status } }: { of: FogFunction }) {
  const change = useChange("fogfunction", (on: boolean) =>
    post(`/fogfunction/${segment(name)}/${on ? "enable" : "disable"}`),
  );
  const on = change.isPending ? change.variables : status !== "disabled";
  return (
    <Switch
      label={`${name} is enabled`}
      on={on}
      busy={change.isPending}
      onChange={(wanted) => change.mutate(wanted, { onError: (error) => toast(problemOf(error), "bad") })}
    />
  );
}
