// Sends the drawing to the designer, and takes its answer back to the node that it is about.
import { useState } from "react";
import { useChange } from "@/api/documents";
import { ApiError, post, problemOf } from "@/api/http";
import { problemAt } from "@/topology/fields";
import type { Problem } from "@/topology/problems";
import { serviceOf } from "@/topology/service";
import { toast } from "@/ui";
import { actionsOf, type EditorStore } from "./store";

interface Saving {
  busy: boolean;
  /** Saves; gives what was refused, or nothing when it is saved. */
  save: () => Promise<Problem | undefined>;
}

export function useSave(store: EditorStore): Saving {
  const [busy, setBusy] = useState(false);
  const change = useChange("service", (service: unknown) => post("/service", [service]));
  const save = async () => {
    const drawing = store.getState().history.present;
    setBusy(true);
    try {
      await change.mutateAsync(serviceOf(drawing));
      actionsOf(store).keep(drawing);
      toast(`Topology ${drawing.name} is saved.`);
      return undefined;
    } catch (error) {
      const field = error instanceof ApiError ? error.field : undefined;
      const refused = problemAt(drawing, problemOf(error), field);
      if (store.getState().history.present === drawing) actionsOf(store).refuse(refused);
      return refused;
    } finally {
      setBusy(false);
    }
  };
  return { busy, save };
}
