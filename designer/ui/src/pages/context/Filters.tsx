import { useEffect, useRef } from "react";
import css from "@/entities/entities.module.css";
import { Button, SelectField, TextField } from "@/ui";
import { type Filter, type Operator, operators, type Wanted } from "./filter";

interface Props {
  names: string[];
  wanted: Wanted;
  onWanted: (wanted: Wanted) => void;
  columns: string[];
  onColumns: (columns: string[]) => void;
}

export function Filters({ names, wanted, onWanted, columns, onColumns }: Props) {
  const { search, filter } = wanted;
  const set = (change: Partial<Filter>) =>
    onWanted({
      ...wanted,
      filter: { attribute: names[0] ?? "", operator: "=", value: "", ...filter, ...change },
    });
  return (
    <div className={css.filters}>
      <div className={css.search}>
        <TextField
          label="Search"
          type="search"
          placeholder="identifier or value"
          value={search}
          onChange={(event) => onWanted({ ...wanted, search: event.target.value })}
        />
      </div>
      {filter && (
        <fieldset className={css.filter} aria-label="Filter by attribute">
          <SelectField
            label="Attribute"
            value={filter.attribute}
            onChange={(event) => set({ attribute: event.target.value })}
          >
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </SelectField>
          <SelectField
            label="Is"
            value={filter.operator}
            onChange={(event) => set({ operator: event.target.value as Operator })}
          >
            {operators.map((operator) => (
              <option key={operator}>{operator}</option>
            ))}
          </SelectField>
          <TextField
            label="Value"
            value={filter.value}
            onChange={(event) => set({ value: event.target.value })}
          />
          <Button
            icon="close"
            look="plain"
            aria-label="Remove the filter"
            onClick={() => onWanted({ ...wanted, filter: null })}
          />
        </fieldset>
      )}
      {!filter && names.length > 0 && (
        <Button icon="plus" onClick={() => set({})}>
          Filter
        </Button>
      )}
      {names.length > 0 && <Columns names={names} shown={columns} onChange={onColumns} />}
    </div>
  );
}

interface ColumnsProps {
  names: string[];
  shown: string[];
  onChange: (columns: string[]) => void;
}

function Columns({ names, shown, onChange }: ColumnsProps) {
  const menu = useDismissed();
  const turned = (name: string, on: boolean) =>
    onChange(names.filter((other) => (other === name ? on : shown.includes(other))));
  return (
    <details ref={menu} className={css.menu}>
      <summary>
        Columns <span className="soft">{`${shown.length} of ${names.length}`}</span>
      </summary>
      <fieldset className={css.menuList} aria-label="Columns shown">
        {names.map((name) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={shown.includes(name)}
              onChange={(event) => turned(name, event.target.checked)}
            />
            {name}
          </label>
        ))}
      </fieldset>
    </details>
  );
}

/** Closes a menu on Escape and on a press elsewhere. */
function useDismissed() {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = () => menu.current?.removeAttribute("open");
    const pressed = (event: Event) => menu.current?.contains(event.target as Node) || close();
    const typed = (event: KeyboardEvent) => event.key === "Escape" && close();
    addEventListener("pointerdown", pressed);
    addEventListener("keydown", typed);
    return () => {
      removeEventListener("pointerdown", pressed);
      removeEventListener("keydown", typed);
    };
  }, []);
  return menu;
}
