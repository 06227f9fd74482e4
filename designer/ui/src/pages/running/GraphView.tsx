// The graph of a deployment, to look at: what is changed is changed elsewhere.
import {
  Controls,
  type NodeTypes,
  ReactFlow,
  type ReactFlowInstance,
  ReactFlowProvider,
  useReactFlow,
  useStore,
} from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { type FocusEvent, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useTheme } from "@/app/theme";
import { Card } from "@/ui";
import type { Deployment } from "./deployments";
import type { Opened } from "./graph";
import css from "./graph.module.css";
import type { Place } from "./layout";
import { EntitiesNode, EntityNode, InstanceNode, OpenContext, TaskNode, TilesNode } from "./nodes";
import { type FlowNode, useGraph } from "./useGraph";

const nodeTypes: NodeTypes = {
  entity: EntityNode,
  entities: EntitiesNode,
  instance: InstanceNode,
  task: TaskNode,
  tiles: TilesNode,
};

/** Above and below a graph that is drawn in its own size: the controls are below it. */
const ROOM_PX = 64;
const fit = { padding: { top: "12px", left: "12px", right: "12px", bottom: "52px" }, maxZoom: 1 } as const;

export default function GraphView({ deployment }: { deployment: Deployment }) {
  return (
    <Card title="How data flows">
      <ReactFlowProvider>
        <Flow deployment={deployment} />
      </ReactFlowProvider>
    </Card>
  );
}

function Flow({ deployment }: { deployment: Deployment }) {
  const [opened, setOpened] = useState<Opened>({});
  const { nodes, edges, layout } = useGraph(deployment, opened, useNarrow());
  const dark = useTheme((state) => state.dark);
  const open = useMemo(
    () => (task: string, wanted: boolean) => setOpened((before) => ({ ...before, [task]: wanted })),
    [],
  );
  const { moved, bring } = useView(layout.places);
  if (nodes.length === 0) return <p className="soft">There is nothing to draw yet.</p>;
  return (
    <OpenContext value={open}>
      {/* Each node that can be chosen is a button or a link; the table below says the same. */}
      <section
        className={css.graph}
        style={{
          aspectRatio: `${layout.width} / ${layout.height + ROOM_PX}`,
          maxHeight: `min(70vh, ${layout.height + ROOM_PX}px)`,
        }}
        aria-label="Graph of entities and task instances"
        onFocus={bring}
      >
        <ReactFlow<FlowNode>
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          colorMode={dark ? "dark" : "light"}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          zoomOnScroll={false}
          preventScrolling={false}
          zoomOnDoubleClick={false}
          minZoom={0.08}
          maxZoom={1.6}
          onlyRenderVisibleElements={nodes.length > 120}
          onMoveStart={moved}
          onInit={(flow: ReactFlowInstance<FlowNode>) => void flow.fitView(fit)}
        >
          <Controls orientation="horizontal" showInteractive={false} fitViewOptions={fit} />
        </ReactFlow>
      </section>
    </OpenContext>
  );
}

const narrowScreen = matchMedia("(max-width: 720px)");
const watchScreen = (changed: () => void) => {
  narrowScreen.addEventListener("change", changed);
  return () => narrowScreen.removeEventListener("change", changed);
};
const useNarrow = () => useSyncExternalStore(watchScreen, () => narrowScreen.matches);

/** Shows all of a changed graph until the reader moves it, and brings into sight what gets the focus. */
function useView(places: ReadonlyMap<string, Place>) {
  const flow = useReactFlow();
  const size = useStore((store) => `${store.width} ${store.height}`);
  const own = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: fitted anew when layout or size is another
  useEffect(() => {
    if (own.current) return;
    const frame = requestAnimationFrame(() => void flow.fitView(fit));
    return () => cancelAnimationFrame(frame);
  }, [places, size, flow]);
  const moved = (event: MouseEvent | TouchEvent | null) => {
    if (event) own.current = true;
  };
  const bring = ({ target }: FocusEvent) => {
    if (!target.matches(":focus-visible")) return;
    const place = places.get(target.closest<HTMLElement>("[data-id]")?.dataset.id ?? "");
    if (!place) return;
    own.current = true;
    const zoom = Math.max(0.6, flow.getZoom());
    void flow.setCenter(place.x + place.width / 2, place.y + place.height / 2, { zoom, duration: 120 });
  };
  return { moved, bring };
}
