import { useReactFlow } from "@xyflow/react";
import { Button } from "@/ui";
import type { Open } from "./BenchDialogs";
import { useActions, useEditor } from "./store";
import css from "./Toolbar.module.css";

/** What can be done with the drawing as a whole. */
export function Toolbar({ onOpen }: { onOpen: (what: Open) => void }) {
  const actions = useActions();
  const flow = useReactFlow();
  const canUndo = useEditor((editor) => editor.history.past.length > 0);
  const canRedo = useEditor((editor) => editor.history.future.length > 0);
  const selected = useEditor((editor) => editor.selection.nodes.size + editor.selection.edges.size > 0);
  const nodes = useEditor((editor) => editor.selection.nodes.size > 0);
  return (
    <div className={css.toolbar} role="toolbar" aria-label="Drawing">
      <span className={css.narrow}>
        <Button icon="plus" onClick={() => onOpen("add")}>
          Add
        </Button>
      </span>
      <Button look="plain" icon="undo" aria-label="Undo" disabled={!canUndo} onClick={actions.undo} />
      <Button look="plain" icon="redo" aria-label="Redo" disabled={!canRedo} onClick={actions.redo} />
      <Button
        className={css.wide}
        look="plain"
        icon="copy"
        aria-label="Duplicate"
        disabled={!nodes}
        onClick={actions.duplicate}
      />
      <Button
        className={css.wide}
        look="plain"
        icon="trash"
        aria-label="Remove"
        disabled={!selected}
        onClick={actions.remove}
      />
      <span className={css.gap} />
      <Button look="plain" icon="layout" aria-label="Lay everything out" onClick={actions.arrange} />
      <Button
        look="plain"
        icon="locate"
        aria-label="Show everything"
        onClick={() => flow.fitView({ padding: 0.08, maxZoom: 1.1 })}
      />
      <Button
        className={css.wide}
        look="plain"
        icon="search"
        aria-label="Zoom in"
        onClick={() => flow.zoomIn()}
      />
      <Button
        className={css.wide}
        look="plain"
        icon="minus"
        aria-label="Zoom out"
        onClick={() => flow.zoomOut()}
      />
      <span className={css.gap} />
      <Button look="plain" icon="upload" aria-label="Import" onClick={() => onOpen("import")} />
      <Button look="plain" icon="download" aria-label="Export" onClick={() => onOpen("export")} />
      <Button
        className={css.wide}
        look="plain"
        icon="guide"
        aria-label="Keys"
        onClick={() => onOpen("keys")}
      />
    </div>
  );
}
