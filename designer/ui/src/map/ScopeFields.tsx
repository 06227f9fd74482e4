// The numbers of an area, for whoever does not draw.
import type { GeoScope, Point } from "@/api/types";
import { Button } from "@/ui";
import css from "./editors.module.css";
import { NumberField } from "./NumberField";
import { polygonOf, type ScopeProblems, scopeProblems } from "./scope";

/** Corners beyond these are kept, but only shown on the map. */
const MAX_ROWS = 200;

interface ScopeFieldsProps {
  value: GeoScope;
  onChange: (value: GeoScope) => void;
  problems?: ScopeProblems;
}

export function ScopeFields({ value, onChange, problems = {} }: ScopeFieldsProps) {
  const all = { ...scopeProblems(value), ...problems };
  if (value.scopeType === "circle") return <CircleFields value={value} onChange={onChange} problems={all} />;
  if (value.scopeType !== "polygon") return null;
  return <Corners vertices={value.scopeValue.vertices} onChange={onChange} problems={all} />;
}

type Circle = Extract<GeoScope, { scopeType: "circle" }>;

function CircleFields({
  value,
  onChange,
  problems,
}: {
  value: Circle;
  onChange: (value: GeoScope) => void;
  problems: ScopeProblems;
}) {
  const { scopeValue } = value;
  const change = (part: Partial<Circle["scopeValue"]>) =>
    onChange({ ...value, scopeValue: { ...scopeValue, ...part } });
  return (
    <div className={css.fields}>
      <NumberField
        label="Latitude of the centre"
        value={scopeValue.centerLatitude}
        problem={problems["scopeValue.centerLatitude"]}
        onChange={(centerLatitude) => change({ centerLatitude })}
      />
      <NumberField
        label="Longitude of the centre"
        value={scopeValue.centerLongitude}
        problem={problems["scopeValue.centerLongitude"]}
        onChange={(centerLongitude) => change({ centerLongitude })}
      />
      <NumberField
        label="Radius in metres"
        value={scopeValue.radius}
        problem={problems["scopeValue.radius"]}
        onChange={(radius) => change({ radius })}
      />
    </div>
  );
}

function Corners({
  vertices,
  onChange,
  problems,
}: {
  vertices: Point[];
  onChange: (value: GeoScope) => void;
  problems: ScopeProblems;
}) {
  const set = (next: Point[]) => onChange(polygonOf(next));
  const count = problems["scopeValue.vertices"];
  return (
    <>
      {vertices.length > 0 && (
        <ul className={css.corners} aria-label="Corners">
          {vertices.slice(0, MAX_ROWS).map((vertex, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a corner is known by its place in the row
            <li key={index} className={css.corner}>
              <NumberField
                label={`Latitude ${index + 1}`}
                value={vertex.latitude}
                problem={problems[`scopeValue.vertices[${index}].latitude`]}
                onChange={(latitude) => set(vertices.with(index, { ...vertex, latitude }))}
              />
              <NumberField
                label={`Longitude ${index + 1}`}
                value={vertex.longitude}
                problem={problems[`scopeValue.vertices[${index}].longitude`]}
                onChange={(longitude) => set(vertices.with(index, { ...vertex, longitude }))}
              />
              <Button
                icon="trash"
                look="plain"
                aria-label={`Remove corner ${index + 1}`}
                onClick={() => set(vertices.toSpliced(index, 1))}
              />
            </li>
          ))}
        </ul>
      )}
      {vertices.length > MAX_ROWS && (
        <p className="soft">The first {MAX_ROWS} corners are shown here, the map shows all.</p>
      )}
      <div className="row">
        <Button
          icon="plus"
          onClick={() => set([...vertices, { latitude: Number.NaN, longitude: Number.NaN }])}
        >
          Add a corner
        </Button>
        {count && <span className="soft">{count}</span>}
      </div>
    </>
  );
}
