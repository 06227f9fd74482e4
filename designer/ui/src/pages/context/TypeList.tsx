import type { ReactNode } from "react";
import { go } from "@/app/router";
import css from "@/entities/entities.module.css";
import { entityHref } from "@/entities/links";
import { count, SelectField } from "@/ui";

interface Props {
  types: [type: string, entities: number][];
  current?: string;
  action: ReactNode;
}

/** The types with their counts; on a phone a choice. */
export function TypeList({ types, current, action }: Props) {
  return (
    <div className={css.types}>
      <nav className={css.typeLinks} aria-label="Entity types">
        {types.map(([type, entities]) => (
          <a
            key={type}
            className={css.typeLink}
            title={type}
            href={entityHref(type)}
            aria-current={type === current ? "page" : undefined}
          >
            <span>{type || "(no type)"}</span>
            <span className={`number ${css.typeCount}`}>{count(entities)}</span>
          </a>
        ))}
      </nav>
      <div className={css.typeChoice}>
        <SelectField
          label="Entity type"
          value={current ?? ""}
          onChange={(event) => go("context", ["entities", event.target.value])}
        >
          {current !== undefined && !types.some(([type]) => type === current) && <option>{current}</option>}
          {types.map(([type, entities]) => (
            <option key={type} value={type}>
              {type} ({count(entities)})
            </option>
          ))}
        </SelectField>
      </div>
      {action}
    </div>
  );
}
