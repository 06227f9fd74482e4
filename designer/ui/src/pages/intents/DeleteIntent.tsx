// Withdraws an intent.
import { useChange } from "@/api/documents";
import { remove, segment } from "@/api/http";
import type { Intent } from "@/api/types";
import { fromHere } from "@/app/router";
import { Confirm, plural, toast } from "@/ui";

interface DeleteIntentProps {
  intent: Intent;
  /** How many task instances came of it. */
  instances: number;
  onClose: () => void;
  /** Told when it is gone, unless the user has gone elsewhere meanwhile. */
  onDeleted?: () => void;
}

export function DeleteIntent({ intent, instances, onClose, onDeleted }: DeleteIntentProps) {
  const deletion = useChange("intent", () => remove(`/intent/${segment(intent.id)}`));
  const confirm = async () => {
    const stayed = fromHere();
    await deletion.mutateAsync(undefined);
    toast(`The intent of ${intent.topology} is deleted.`);
    if (stayed()) onDeleted?.();
  };
  return (
    <Confirm
      title={`Delete the intent of ${intent.topology}?`}
      action="Delete"
      onClose={onClose}
      onConfirm={confirm}
    >
      {instances > 0
        ? `${plural(instances, "task instance ends", "task instances end")}, and what they wrote goes with them. `
        : "Nothing runs for it at the moment. "}
      The topology stays.
    </Confirm>
  );
}
