// A table of any number of rows: only those in sight are in the page. On a phone each row is a card.
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type ReactNode, useRef } from "react";
import css from "./virtual-table.module.css";

export interface VirtualColumn<T> {
  name: string;
  cell: (item: T) => ReactNode;
  /** As in `grid-template-columns`; none for what is shown below. */
  width?: string;
  number?: boolean;
  /** Shown below the others over the whole width, where there is something to say. */
  below?: boolean;
}

const classOf = ({ number, below }: { number?: boolean; below?: boolean }) =>
  [number && "number", below && css.below].filter(Boolean).join(" ") || undefined;

interface VirtualTableProps<T> {
  label: string;
  columns: VirtualColumn<T>[];
  items: readonly T[];
  id: (item: T) => string;
  /** The row that is marked. */
  selected?: string;
  /** How tall it may grow before it scrolls. */
  maxHeight?: string;
}

const ROW = 41;
const OVERSCAN = 8;

export function VirtualTable<T>({ label, columns, items, id, ...look }: VirtualTableProps<T>) {
  const { selected, maxHeight = "28rem" } = look;
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    getItemKey: (index) => id(items[index]!),
    overscan: OVERSCAN,
  });
  const template = {
    "--columns": columns.map((column) => (column.below ? "" : (column.width ?? "1fr"))).join(" "),
  } as CSSProperties;
  return (
    <div ref={box} className={css.scroll} style={{ ...template, maxHeight }} tabIndex={0}>
      <div role="table" aria-label={label} aria-rowcount={items.length + 1}>
        <div role="rowgroup" className={css.head}>
          <div role="row" aria-rowindex={1} className={css.row}>
            {columns.map((column) => (
              <div
                key={column.name}
                role="columnheader"
                className={column.below ? "visually-hidden" : classOf(column)}
              >
                {column.name}
              </div>
            ))}
          </div>
        </div>
        <div role="rowgroup" className={css.body} style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, key, start }) => (
            <div
              key={key}
              ref={rows.measureElement}
              data-index={index}
              role="row"
              aria-rowindex={index + 2}
              data-selected={selected !== undefined && key === selected}
              className={css.row}
              style={{ transform: `translateY(${start}px)` }}
            >
              <Cells columns={columns} item={items[index]!} />
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

function Cells<T>({ columns, item }: { columns: VirtualColumn<T>[]; item: T }) {
  return columns.map((column) => (
    <div key={column.name} role="cell" data-label={column.name} className={classOf(column)}>
      <span>{column.cell(item)}</span>
    </div>
  ));
}
