// The settings of what is selected; of the topology when nothing is.

import { type DrawingNode, isTask, nodeOf } from "@/topology/document";
import { removed } from "@/topology/edit";
import type { Problem } from "@/topology/problems";
import { Button, TextField } from "@/ui";
import css from "./Inspector.module.css";
import { StreamFields } from "./StreamFields";
import { nothing, useActions, useDrawing, useEditor } from "./store";
import { TaskFields } from "./TaskFields";
import { titleOf } from "./words";

interface Props {
  problems: ReadonlyMap<string, Problem[]>;
  /** Problems of the topology itself. */
  own: Problem[];
  onConnect: (from: string, output?: number) => void;
  onClose: () => void;
}

export function Inspector({ problems, own, onConnect, onClose }: Props) {
  const drawing = useDrawing();
  const selection = useEditor((editor) => editor.selection);
  const [first] = selection.nodes;
  const node = first && selection.nodes.size === 1 ? nodeOf(drawing, first) : undefined;
  if (node) return <NodeFields key={node.id} {...{ node, problems, onConnect, onClose }} />;
  if (selection.nodes.size + selection.edges.size > 0) return <Several onClose={onClose} />;
  return <TopologyFields problems={own} />;
}

function Head({ title, onClose }: { title: string; onClose: () => void }) {
  return (
    <div className={css.head}>
      <h2>{title}</h2>
      <Button look="plain" icon="close" aria-label="Back to the topology" onClick={onClose} />
    </div>
  );
}

function NodeFields({ node, problems, onConnect, onClose }: Omit<Props, "own"> & { node: DrawingNode }) {
  const drawing = useDrawing();
  const { duplicate, remove } = useActions();
  const found = problems.get(node.id) ?? [];
  const problem = (field: string) => found.find((one) => one.field === field)?.text;
  const elsewhere = found.filter((one) => !one.field);
  return (
    <div className={css.fields}>
      <Head title={titleOf(drawing, node)} onClose={onClose} />
      {elsewhere.map((one) => (
        <p key={one.text} className={css.problem} role="alert">
          {one.text}
        </p>
      ))}
      {isTask(node) ? (
        <TaskFields task={node} problem={problem} onConnect={(output) => onConnect(node.id, output)} />
      ) : (
        <StreamFields stream={node} problem={problem} onConnect={() => onConnect(node.id)} />
      )}
      <div className="row">
        <Button icon="copy" onClick={duplicate}>
          Duplicate
        </Button>
        <Button icon="trash" look="danger" onClick={remove}>
          Remove
        </Button>
      </div>
    </div>
  );
}

function Several({ onClose }: { onClose: () => void }) {
  const drawing = useDrawing();
  const { nodes, edges } = useEditor((editor) => editor.selection);
  const { change, duplicate, remove } = useActions();
  const line =
    nodes.size === 0 && edges.size === 1 ? drawing.edges.find(({ id }) => edges.has(id)) : undefined;
  const from = line && nodeOf(drawing, line.from);
  const to = line && nodeOf(drawing, line.to);
  if (line && from && to) {
    return (
      <div className={css.fields}>
        <Head title="Line" onClose={onClose} />
        <p>
          From {titleOf(drawing, from)} to {titleOf(drawing, to)}.
        </p>
        <Button
          icon="trash"
          look="danger"
          onClick={() => change(removed(drawing, new Set(), edges), "Line removed.", { selection: nothing })}
        >
          Remove
        </Button>
      </div>
    );
  }
  return (
    <div className={css.fields}>
      <Head title={`${nodes.size + edges.size} selected`} onClose={onClose} />
      <div className="row">
        {nodes.size > 0 && (
          <Button icon="copy" onClick={duplicate}>
            Duplicate
          </Button>
        )}
        <Button icon="trash" look="danger" onClick={remove}>
          Remove
        </Button>
      </div>
    </div>
  );
}

function TopologyFields({ problems }: { problems: Problem[] }) {
  const drawing = useDrawing();
  const saved = useEditor((editor) => editor.saved);
  const { change } = useActions();
  const copy = Boolean(saved?.name) && saved?.name !== drawing.name && drawing.name !== "";
  return (
    <div className={css.fields}>
      <h2>Topology</h2>
      <div data-field="name">
        <TextField
          label="Name"
          value={drawing.name}
          problem={problems.find((one) => one.field === "name")?.text}
          hint={copy ? `Saved as a copy under this name; \`${saved?.name}\` stays as it is.` : undefined}
          onChange={({ target }) => change({ ...drawing, name: target.value }, "", { step: "name" })}
        />
      </div>
      <TextField
        label="Description"
        value={drawing.description}
        problem={problems.find((one) => one.field === "description")?.text}
        onChange={({ target }) => change({ ...drawing, description: target.value }, "", { step: "about" })}
      />
    </div>
  );
}
