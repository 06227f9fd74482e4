// Deletes a fog function, and the operator that was made for it.
import { useState } from "react";
import { useChange, useFogFunctions, useOperators, useServices } from "@/api/documents";
import { remove, segment } from "@/api/http";
import type { FogFunction } from "@/api/types";
import { fromHere } from "@/app/router";
import { usersOf } from "@/operators/usage";
import { CheckField, Confirm, toast } from "@/ui";

interface Props {
  fog: FogFunction;
  onClose: () => void;
  /** Told when it is gone, unless the user has gone elsewhere meanwhile. */
  onDeleted?: () => void;
}

export function DeleteFunction({ fog, onClose, onDeleted }: Props) {
  const { name } = fog;
  const own = useOwnOperator(name);
  const [both, setBoth] = useState(true);
  const deletion = useChange("fogfunction", () => remove(`/fogfunction/${segment(name)}`));
  const operator = useChange("operator", () => remove(`/operator/${segment(name)}`));
  const confirm = async () => {
    const stayed = fromHere();
    await deletion.mutateAsync(undefined);
    if (own && both) await operator.mutateAsync(undefined);
    toast(`Fog function ${name} is deleted.`);
    if (stayed()) onDeleted?.();
  };
  return (
    <Confirm title={`Delete ${name}?`} action="Delete" onClose={onClose} onConfirm={confirm}>
      <div className="stack">
        <p>Its instances end, and what they wrote goes with them.</p>
        {own && (
          <CheckField
            label={`Delete the operator ${name} too`}
            hint="Nothing else uses it."
            checked={both}
            onChange={(event) => setBoth(event.target.checked)}
          />
        )}
      </div>
    </Confirm>
  );
}

/** Whether there is an operator of the function's name that only the function uses. */
function useOwnOperator(name: string): boolean {
  const services = useServices().data;
  const functions = useFogFunctions().data;
  const exists = Boolean(useOperators().data?.[name]);
  const users = services && functions ? (usersOf(services, functions).get(name) ?? []) : [];
  return exists && users.length === 1 && users[0]?.page === "functions" && users[0].name === name;
}
