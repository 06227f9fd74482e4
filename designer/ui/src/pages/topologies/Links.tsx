// The lines of a node as a list, for going along them and taking them away without a mouse.

import { removed } from "@/topology/edit";
import { Button } from "@/ui";
import css from "./Inspector.module.css";
import { useActions, useDrawing } from "./store";

export interface Link {
  edge: string;
  /** The node at the other end. */
  node: string;
  text: string;
}

interface Props {
  label: string;
  links: Link[];
  field?: string;
  problem?: string;
  /** What the button for a further one says. */
  add?: string;
  onAdd?: () => void;
}

export function Links({ label, links, field, problem, add, onAdd }: Props) {
  const drawing = useDrawing();
  const { change, edit } = useActions();
  return (
    <div className={css.links} data-field={field}>
      <h3>{label}</h3>
      {links.length > 0 && (
        <ul>
          {links.map((link) => (
            <li key={link.edge}>
              <button type="button" className={css.link} onClick={() => edit(link.node)}>
                {link.text}
              </button>
              <Button
                look="plain"
                icon="close"
                className={css.small}
                aria-label={`Take the line away: ${label} ${link.text}`}
                onClick={() => change(removed(drawing, new Set(), new Set([link.edge])), "Line removed.")}
              />
            </li>
          ))}
        </ul>
      )}
      {problem && (
        <p className={css.problem} role="alert">
          {problem}
        </p>
      )}
      {onAdd && (
        <Button icon="plus" onClick={onAdd}>
          {add}
        </Button>
      )}
    </div>
  );
}
