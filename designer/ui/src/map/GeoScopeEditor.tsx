// Where something applies: everywhere, in a circle or in a polygon; drawn on the map or written as numbers.
import { type ReactNode, useState } from "react";
import type { GeoScope, Point } from "@/api/types";
import { Button, type IconName } from "@/ui";
import css from "./editors.module.css";
import { ringOf } from "./geometry";
import { ScopeDrawing } from "./ScopeDrawing";
import { ScopeFields } from "./ScopeFields";
import { emptyScope, polygonOf, type ScopeProblems, type ScopeType, scopeText } from "./scope";
import { WorldMap } from "./WorldMap";

interface GeoScopeEditorProps {
  value: GeoScope;
  onChange: (value: GeoScope) => void;
  label?: string;
  /** What the service says about members of it, by path, such as `scopeValue.radius`. */
  problems?: ScopeProblems;
  /** What the map shows at first when nothing is drawn yet. */
  around?: readonly Point[];
  /** More layers of the map. */
  children?: ReactNode;
}

const types: { type: ScopeType; name: string; icon: IconName }[] = [
  { type: "global", name: "Everywhere", icon: "map" },
  { type: "circle", name: "Circle", icon: "circle" },
  { type: "polygon", name: "Polygon", icon: "polygon" },
];

export function GeoScopeEditor(props: GeoScopeEditorProps) {
  const { value, label = "Area", problems, around = [], children } = props;
  const [drawing, setDrawing] = useState(false);
  const [fit, change] = useFit(props, around);
  const draw = (type: ScopeType) => {
    change(emptyScope(type));
    setDrawing(type !== "global");
  };
  return (
    <div className={css.editor} role="group" aria-label={label}>
      <div className={css.choice}>
        {types.map(({ type, name, icon }) => (
          <Button
            key={type}
            icon={icon}
            look={value.scopeType === type ? "primary" : "normal"}
            aria-pressed={value.scopeType === type}
            onClick={() => value.scopeType !== type && draw(type)}
          >
            {name}
          </Button>
        ))}
      </div>
      {value.scopeType !== "global" && (
        <>
          <WorldMap label={`${label}: ${scopeText(value)}`} fit={fit} className={css.map}>
            {children}
            <ScopeDrawing
              scope={value}
              drawing={drawing}
              onChange={change}
              onDone={() => setDrawing(false)}
            />
          </WorldMap>
          <DrawingTools
            value={value}
            drawing={drawing}
            onChange={change}
            onDraw={() => draw(value.scopeType)}
            onDone={() => setDrawing(false)}
          />
          <ScopeFields value={value} onChange={change} problems={problems} />
        </>
      )}
    </div>
  );
}

/** What the map shows at first: what is drawn, or what is around until something is. */
function useFit({ value, onChange }: GeoScopeEditorProps, around: readonly Point[]) {
  const [kept, keep] = useState<readonly Point[]>(() => ringOf(value));
  const change = (next: GeoScope) => {
    if (kept.length === 0 && ringOf(next).length > 0) keep(around);
    onChange(next);
  };
  return [kept.length > 0 ? kept : around, change] as const;
}

interface DrawingToolsProps {
  value: GeoScope;
  drawing: boolean;
  onChange: (value: GeoScope) => void;
  onDraw: () => void;
  onDone: () => void;
}

/** Says what to do next, and offers the steps that need no map. */
export function DrawingTools({ value, drawing, onChange, onDraw, onDone }: DrawingToolsProps) {
  const vertices = value.scopeType === "polygon" ? value.scopeValue.vertices : [];
  return (
    <div className="row">
      {!drawing && (
        <Button icon="edit" onClick={onDraw}>
          Draw anew
        </Button>
      )}
      {vertices.length > 0 && (
        <Button icon="undo" onClick={() => onChange(polygonOf(vertices.slice(0, -1)))}>
          Remove the last corner
        </Button>
      )}
      {drawing && vertices.length >= 3 && (
        <Button icon="check" look="primary" onClick={onDone}>
          Close the polygon
        </Button>
      )}
      <span className="soft" role="status">
        {hintOf(value, drawing)}
      </span>
    </div>
  );
}

function hintOf(value: GeoScope, drawing: boolean): string {
  if (value.scopeType === "circle") {
    return drawing
      ? "Press at the centre and drag to the edge, or write the numbers below."
      : "Drag the centre or the edge to change it.";
  }
  if (value.scopeType !== "polygon") return "";
  if (!drawing) return "Drag a corner to move it.";
  const { length } = value.scopeValue.vertices;
  if (length < 3) return "Click the corners one after the other, or write them below.";
  return "Click the first corner, double-click or press Enter to close it.";
}
