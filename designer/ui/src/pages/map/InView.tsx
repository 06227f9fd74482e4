// The list of what the map shows at the moment: the same for the keyboard and screen readers.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { Button } from "@/ui";
import css from "./map.module.css";
import { aboutOf, shortId, type Thing } from "./model/things";

interface InViewProps {
  things: Thing[];
  selected: string | undefined;
  onPick: (thing: Thing) => void;
}

const ROW_PX = 46;

export function InView({ things, selected, onPick }: InViewProps) {
  const box = useRef<HTMLUListElement>(null);
  const rows = useVirtualizer({
    count: things.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 6,
  });
  if (things.length === 0) return <p className={css.note}>Nothing lies in this part of the world.</p>;
  return (
    <ul ref={box} className={css.list} aria-label="In view">
      <li aria-hidden="true" style={{ height: rows.getTotalSize() }} />
      {rows.getVirtualItems().map(({ index, start }) => {
        const thing = things[index]!;
        return (
          <li
            key={`${thing.kind} ${thing.id}`}
            aria-setsize={things.length}
            aria-posinset={index + 1}
            className={css.row}
            style={{ transform: `translateY(${start}px)`, height: ROW_PX }}
          >
            <Button
              look="plain"
              className={css.item}
              aria-pressed={thing.id === selected}
              onClick={() => onPick(thing)}
            >
              <span className={css.name}>{shortId(thing.id)}</span>
              <span className={css.about}>{aboutOf(thing)}</span>
            </Button>
          </li>
        );
      })}
    </ul>
  );
}
