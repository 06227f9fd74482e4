// A table of any number of entities: only the rows in view are in the page.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { Element } from "@/api/types";
import css from "@/entities/entities.module.css";
import { entityHref } from "@/entities/links";
import { Value } from "@/entities/Value";
import { attributeOf } from "@/entities/values";
import { Icon } from "@/ui";
import { idColumn, type Order } from "./filter";

const ROW_PX = 34;

interface Props {
  type: string;
  entities: Element[];
  columns: string[];
  order: Order;
  /** Without it the order is not ours to choose. */
  onOrder?: (order: Order) => void;
  current?: string;
}

export function EntityTable({ type, entities, columns, order, onOrder, current }: Props) {
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: entities.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => entities[index]?.entityId.id ?? index,
    overscan: 10,
  });
  const template = {
    gridTemplateColumns: `minmax(12rem, 2fr) repeat(${columns.length}, minmax(7.5rem, 1fr))`,
  };
  const width = `${12 + 7.5 * columns.length}rem`;
  return (
    <div
      ref={scroll}
      className={css.table}
      role="table"
      aria-label={type}
      aria-rowcount={entities.length + 1}
    >
      <div role="rowgroup" className={css.tableHead} style={{ minWidth: width }}>
        <div role="row" className={css.tableRow} style={template} aria-rowindex={1}>
          {[idColumn, ...columns].map((name, index) => (
            <Head key={index === 0 ? "#" : name} name={name} order={order} onOrder={onOrder} />
          ))}
        </div>
      </div>
      <div role="rowgroup" className={css.tableBody} style={{ height: rows.getTotalSize(), minWidth: width }}>
        {rows.getVirtualItems().map(({ index, key, start }) => {
          const entity = entities[index];
          if (!entity) return null;
          const { id } = entity.entityId;
          return (
            <div
              key={key}
              role="row"
              aria-rowindex={index + 2}
              className={css.tableRow}
              data-current={id === current}
              style={{ ...template, transform: `translateY(${start}px)`, height: ROW_PX }}
            >
              <div role="cell">
                <a
                  className={css.idLink}
                  href={entityHref(type, id)}
                  aria-current={id === current ? "true" : undefined}
                  title={id}
                >
                  {id}
                </a>
              </div>
              {columns.map((name) => (
                <div key={name} role="cell">
                  <Value value={attributeOf(entity, name)?.value} />
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

const directions = { none: undefined, ascending: "up", descending: "down" } as const;

function Head({ name, order, onOrder }: { name: string; order: Order; onOrder?: (order: Order) => void }) {
  const direction = order.by !== name ? "none" : order.down ? "descending" : "ascending";
  return (
    <div role="columnheader" aria-sort={direction}>
      {onOrder ? (
        <button
          type="button"
          className={css.sort}
          data-direction={directions[direction]}
          onClick={() => onOrder({ by: name, down: order.by === name && !order.down })}
        >
          <span>{name}</span>
          {direction !== "none" && <Icon name="chevron" size={13} />}
        </button>
      ) : (
        name
      )}
    </div>
  );
}
