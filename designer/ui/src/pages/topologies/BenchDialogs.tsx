// The dialogs of the editor, one at a time.
import { useQueryClient } from "@tanstack/react-query";
import { remove, segment } from "@/api/http";
import { fromHere } from "@/app/router";
import { Confirm, Dialog } from "@/ui";
import { ConnectDialog, ExportDialog, ImportDialog, KeysDialog, type Start } from "./Dialogs";
import { type Added, Palette } from "./Palette";
import { useActions, useDrawing } from "./store";

export type Open = "add" | "import" | "export" | "keys" | "delete" | "overwrite" | { connect: Start } | null;

interface Props {
  open: Open;
  name: string | null;
  onClose: () => void;
  onAdd: (added: Added) => void;
  onOverwrite: () => Promise<void>;
  onDeleted: Deleted;
}

/** Told when it is gone, and whether the user has not gone elsewhere meanwhile. */
type Deleted = (stayed: boolean) => void;

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
  onDeleted: Deleted;
}) {
  const client = useQueryClient();
  const drop = async () => {
    const stayed = fromHere();
    await remove(`/service/${segment(name)}`);
    onDeleted(stayed());
    void client.invalidateQueries({ queryKey: ["service"] });
  };
  return (
    <Confirm title={`Delete ${name}?`} action="Delete" onClose={onClose} onConfirm={drop}>
      The topology and its drawing are deleted. A topology that an intent uses cannot be deleted: withdraw the
      intent first.
    </Confirm>
  );
}
