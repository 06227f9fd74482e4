// The dialogs of the editor, one at a time.
import { useQueryClient } from "@tanstack/react-query";
import { remove, segment } from "@/api/http";
import { Button, Confirm, Dialog } from "@/ui";
import { ConnectDialog, ExportDialog, ImportDialog, KeysDialog, type Start } from "./Dialogs";
import { type Added, Palette } from "./Palette";
import { useActions, useDrawing } from "./store";
import type { LeaveGuard } from "./useLeaveGuard";

export type Open = "add" | "import" | "export" | "keys" | "delete" | "overwrite" | { connect: Start } | null;

interface Props {
  open: Open;
  name: string | null;
  onClose: () => void;
  onAdd: (added: Added) => void;
  onOverwrite: () => Promise<void>;
  onDeleted: () => void;
}

export function BenchDialogs({ open, name, onClose, onAdd, onOverwrite, onDeleted }: Props) {
  const drawing = useDrawing();
  const { replace } = useActions();
  if (open === null) return null;
  if (typeof open === "object") return <ConnectDialog start={open.connect} onClose={onClose} />;
  switch (open) {
    case "add":
      return (
        <Dialog title="Add" onClose={onClose}>
          <Palette onAdd={onAdd} />
        </Dialog>
      );
    case "import":
      return (
        <ImportDialog
          onClose={onClose}
          onOpened={(opened) => {
            const named = { ...opened.drawing, name: opened.drawing.name || drawing.name };
            replace(named, "Imported.");
            onClose();
          }}
        />
      );
    case "export":
      return <ExportDialog drawing={drawing} onClose={onClose} />;
    case "keys":
      return <KeysDialog onClose={onClose} />;
    case "overwrite":
      return (
        <Confirm
          title={`Replace ${drawing.name}?`}
          action="Replace"
          onClose={onClose}
          onConfirm={onOverwrite}
        >
          There is another topology of this name. Saving replaces it, also where it runs.
        </Confirm>
      );
    case "delete":
      return <DeleteDialog name={name ?? ""} onClose={onClose} onDeleted={onDeleted} />;
  }
}

export function DeleteDialog({
  name,
  onClose,
  onDeleted,
}: {
  name: string;
  onClose: () => void;
  onDeleted: () => void;
}) {
  const client = useQueryClient();
  const drop = async () => {
    await remove(`/service/${segment(name)}`);
    onDeleted();
    void client.invalidateQueries({ queryKey: ["service"] });
  };
  return (
    <Confirm title={`Delete ${name}?`} action="Delete" onClose={onClose} onConfirm={drop}>
      The topology and its drawing are deleted. A topology that an intent uses cannot be deleted: withdraw the
      intent first.
    </Confirm>
  );
}

export function LeaveDialog({ guard, onDiscard }: { guard: LeaveGuard; onDiscard: () => void }) {
  const actions = (
    <>
      <Button onClick={guard.stay}>Stay</Button>
      <Button
        look="danger"
        onClick={() => {
          onDiscard();
          guard.leave();
        }}
      >
        Throw the changes away
      </Button>
      <Button look="primary" onClick={guard.leave}>
        Leave and keep a draft
      </Button>
    </>
  );
  return (
    <Dialog title="There are changes that are not saved" onClose={guard.stay} actions={actions}>
      <p>A draft stays in this browser and is offered when you come back.</p>
    </Dialog>
  );
}
