// The board and the settings beside it as things on the screen: where there is room, what is shown, what has the focus.
import { useReactFlow } from "@xyflow/react";
import { useCallback, useRef } from "react";
import { nodeOf } from "@/topology/document";
import type { Spot } from "@/topology/edit";
import { sizeOf } from "@/topology/layout";
import { useEditorStore } from "./store";

const APART = 8;
const STEP = 24;
const control = ":is(input, select, textarea, button)";

export function useBoard() {
  const flow = useReactFlow();
  const store = useEditorStore();
  const board = useRef<HTMLDivElement>(null);
  const panel = useRef<HTMLElement>(null);
  const drawing = () => store.getState().history.present;

  /** Once the settings are shown. */
  const focusField = useCallback((field?: string) => {
    setTimeout(() => {
      const within = field ? `[data-field="${field}"]` : "[data-field]";
      panel.current?.querySelector<HTMLElement>(`${within} ${control}`)?.focus();
    });
  }, []);

  return {
    board,
    panel,

    /** Near the middle of what is seen, not over another node. */
    freeSpot(): Spot {
      const box = board.current?.getBoundingClientRect();
      const middle = box
        ? { x: box.x + box.width / 2 - 90, y: box.y + box.height / (box.width < 500 ? 10 : 3) }
        : { x: 0, y: 0 };
      const spot = flow.screenToFlowPosition(middle);
      const taken = () =>
        drawing().nodes.some((node) => {
          const { width, height } = sizeOf(node);
          return Math.abs(node.x - spot.x) < width + APART && Math.abs(node.y - spot.y) < height + APART;
        });
      while (taken()) spot.y += STEP;
      return spot;
    },

    fit: () => void flow.fitView({ padding: 0.08, maxZoom: 1.1 }),

    center(id: string) {
      const node = nodeOf(drawing(), id);
      if (!node) return;
      const { width, height } = sizeOf(node);
      void flow.setCenter(node.x + width / 2, node.y + height / 2, { zoom: flow.getZoom() });
    },

    focusField,

    focusBoard: () => board.current?.focus(),

    focusNode(id: string | undefined) {
      if (!panel.current?.contains(document.activeElement)) return;
      board.current?.querySelector<HTMLElement>(`.react-flow__node[data-id="${id}"]`)?.focus();
    },
  };
}

export type Board = ReturnType<typeof useBoard>;
