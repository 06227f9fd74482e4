// The board itself: nodes and lines, moved and joined by mouse, finger or keyboard.
import {
  applyNodeChanges,
  Background,
  type Connection,
  ConnectionLineType,
  type EdgeChange,
  type Edge as FlowEdge,
  MiniMap,
  type NodeChange,
  type OnConnectEnd,
  ReactFlow,
  useReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { type DragEvent, useCallback, useEffect, useRef, useState } from "react";
import { refusal } from "@/topology/connect";
import type { Spot } from "@/topology/edit";
import type { Problem } from "@/topology/problems";
import { toast } from "@/ui";
import css from "./Canvas.module.css";
import { type FlowNode, flowEdges, flowNodes, outputOf } from "./flow";
import { nodeTypes } from "./Nodes";
import { type Added, PALETTE_TYPE } from "./Palette";
import { type Selection, useActions, useDrawing, useEditor, useEditorStore } from "./store";

const multiSelection = ["Meta", "Control"];
/** At first so near that names can be read, even if not everything is seen. */
const fit = { padding: 0.08, minZoom: 0.5, maxZoom: 1.1 };
const labels = {
  "node.a11yDescription.default":
    "Enter shows its settings, space selects it, arrow keys move it, C connects it, Delete removes it.",
  "edge.a11yDescription.default": "Enter selects the line, Delete removes it.",
  "handle.ariaLabel": "Connection point",
};
/** With fewer nodes everything is seen anyway. */
const MAP_FROM = 25;

interface Props {
  problems: ReadonlyMap<string, Problem[]>;
  onDropped: (added: Added, at: Spot) => void;
}

export function Canvas({ problems, onDropped }: Props) {
  const drawing = useDrawing();
  const { screenToFlowPosition } = useReactFlow();
  const nodes = useFlowNodes(problems);
  const edges = useFlowEdges();
  const links = useLinks();

  const drop = (event: DragEvent) => {
    const dropped = event.dataTransfer.getData(PALETTE_TYPE);
    if (!dropped) return;
    event.preventDefault();
    onDropped(JSON.parse(dropped) as Added, screenToFlowPosition({ x: event.clientX, y: event.clientY }));
  };

  return (
    <ReactFlow
      className={css.canvas}
      nodeTypes={nodeTypes}
      {...nodes}
      {...edges}
      {...links}
      onDragOver={(event) => event.dataTransfer.types.includes(PALETTE_TYPE) && event.preventDefault()}
      onDrop={drop}
      connectionLineType={ConnectionLineType.Bezier}
      connectionRadius={28}
      deleteKeyCode={null}
      multiSelectionKeyCode={multiSelection}
      edgesReconnectable={false}
      minZoom={0.05}
      fitView
      fitViewOptions={fit}
      ariaLabelConfig={labels}
    >
      <Background gap={22} size={2} />
      {drawing.nodes.length >= MAP_FROM && (
        <MiniMap className={css.map} pannable zoomable ariaLabel="The whole topology" />
      )}
    </ReactFlow>
  );
}

/** Positions follow the pointer here, and are taken over into the drawing when it lets go. */
function useFlowNodes(problems: Props["problems"]) {
  const drawing = useDrawing();
  const selection = useEditor((editor) => editor.selection);
  const store = useEditorStore();
  const { move, select } = useActions();
  const dragging = useRef(false);
  const [nodes, setNodes] = useState<FlowNode[]>(() => flowNodes(drawing, selection, problems, []));

  useEffect(() => {
    setNodes((before) => flowNodes(drawing, selection, problems, before));
  }, [drawing, selection, problems]);

  const onNodesChange = useCallback(
    (changes: NodeChange<FlowNode>[]) => {
      setNodes((before) => applyNodeChanges(changes, before));
      const positions = changes.filter((change) => change.type === "position");
      if (positions.some((change) => change.dragging)) dragging.current = true;
      const placed = positions.filter((change) => change.dragging === false && change.position);
      if (placed.length) {
        const places = new Map(placed.map((change) => [change.id, change.position!]));
        // Steps of the arrow keys are undone together, each drag by itself.
        move(places, dragging.current ? undefined : `move ${[...places.keys()].join()}`);
        dragging.current = false;
      }
      const now = store.getState().selection;
      const chosen = selectedBy(changes, now.nodes);
      if (chosen) select({ ...now, nodes: chosen });
    },
    [move, select, store],
  );
  return { nodes, onNodesChange };
}

function useFlowEdges() {
  const drawing = useDrawing();
  const selection = useEditor((editor) => editor.selection);
  const store = useEditorStore();
  const { select } = useActions();
  const [edges, setEdges] = useState<FlowEdge[]>(() => flowEdges(drawing, selection, []));

  useEffect(() => {
    setEdges((before) => flowEdges(drawing, selection, before));
  }, [drawing, selection]);

  const onEdgesChange = useCallback(
    (changes: EdgeChange[]) => {
      const now = store.getState().selection;
      const chosen = selectedBy(changes, now.edges);
      if (chosen) select({ ...now, edges: chosen });
    },
    [select, store],
  );
  return { edges, onEdgesChange };
}

function selectedBy(
  changes: (NodeChange<FlowNode> | EdgeChange)[],
  before: Selection["nodes"],
): Set<string> | undefined {
  const chosen = new Set(before);
  let any = false;
  for (const change of changes) {
    if (change.type !== "select") continue;
    any = true;
    if (change.selected) chosen.add(change.id);
    else chosen.delete(change.id);
  }
  return any ? chosen : undefined;
}

/** Lines drawn from one connection point to another, or to anywhere on a node. */
function useLinks() {
  const store = useEditorStore();
  const { connect } = useActions();

  const linkOf = (connection: Pick<Connection, "source" | "sourceHandle" | "target">) => ({
    from: connection.source,
    output: outputOf(connection.sourceHandle),
    to: connection.target,
  });

  const isValidConnection = useCallback(
    (connection: Connection | FlowEdge) =>
      refusal(store.getState().history.present, {
        from: connection.source,
        output: outputOf(connection.sourceHandle),
        to: connection.target,
      }) === undefined,
    [store],
  );

  const onConnectEnd: OnConnectEnd = (event, state) => {
    if (state.isValid || !state.fromNode || !state.fromHandle) return;
    const other = state.toNode?.id ?? nodeUnder(event);
    if (!other || other === state.fromNode.id) return;
    const backwards = state.fromHandle.type === "target";
    if (backwards && !state.toHandle) return;
    const [source, target] = backwards ? [other, state.fromNode.id] : [state.fromNode.id, other];
    const sourceHandle = backwards ? state.toHandle?.id : state.fromHandle.id;
    const reason = connect(linkOf({ source, sourceHandle: sourceHandle ?? null, target }));
    if (reason) toast(reason, "warn");
  };

  return {
    isValidConnection,
    onConnect: (connection: Connection) => void connect(linkOf(connection)),
    onConnectEnd,
    onClickConnectEnd: onConnectEnd,
  };
}

function nodeUnder(event: MouseEvent | TouchEvent): string | undefined {
  const at = "changedTouches" in event ? event.changedTouches[0] : event;
  if (!at) return undefined;
  const element = document.elementFromPoint(at.clientX, at.clientY);
  return element?.closest<HTMLElement>(".react-flow__node")?.dataset.id;
}
