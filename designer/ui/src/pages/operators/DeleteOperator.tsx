// Deletes an operator that nobody uses.
import { useChange } from "@/api/documents";
import { remove, segment } from "@/api/http";
import { fromHere } from "@/app/router";
import type { User } from "@/operators/usage";
import { Confirm, Notice, toast } from "@/ui";
import { UsedBy } from "./OperatorList";

interface Props {
  name: string;
  users: User[];
  onClose: () => void;
  /** Told when it is gone, unless the user has gone elsewhere meanwhile. */
  onDeleted?: () => void;
}

export function DeleteOperator({ name, users, onClose, onDeleted }: Props) {
  const deletion = useChange("operator", () => remove(`/operator/${segment(name)}`));
  const confirm = async () => {
    const stayed = fromHere();
    await deletion.mutateAsync(undefined);
    toast(`Operator ${name} is deleted.`);
    if (stayed()) onDeleted?.();
  };
  return (
    <Confirm title={`Delete ${name}?`} action="Delete" onClose={onClose} onConfirm={confirm}>
      {users.length > 0 ? (
        <Notice mood="warn">
          It is in use, and stays until these are deleted or changed: <UsedBy users={users} />
        </Notice>
      ) : (
        "Its images and code are gone then. Nothing uses it."
      )}
    </Confirm>
  );
}
