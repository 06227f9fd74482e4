// Pages, cards, tables, and what they show while there is nothing to show.
import { type ReactNode, useEffect } from "react";
import { problemOf } from "@/api/http";
import type { Mood } from "./controls";
import { Icon } from "./icons";
import css from "./layout.module.css";

interface PageProps {
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  /** Takes the whole height, for maps and editors. */
  fill?: boolean;
  /** Uses the whole width, for walls of figures. */
  wide?: boolean;
  children: ReactNode;
}

export function Page({ title, about, actions, fill, wide, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · FogFlow`;
  }, [title]);
  return (
    <div className={[css.page, fill && css.fill, wide && css.full].filter(Boolean).join(" ")}>
      <header className={css.head}>
        <div className={css.titles}>
          <h1>{title}</h1>
          {about && <p className="soft">{about}</p>}
        </div>
        {actions && <div className="row">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function Card({
  title,
  actions,
  children,
}: {
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={css.card}>
      {(title || actions) && (
        <div className={css.cardHead}>
          {title && <h2>{title}</h2>}
          {actions && <div className="row">{actions}</div>}
        </div>
      )}
      {children}
    </section>
  );
}

/** Says that there is nothing, and what to do next. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={css.empty}>
      <strong>{title}</strong>
      {children && <div>{children}</div>}
      {action}
    </div>
  );
}

export function Notice({ mood = "quiet", children }: { mood?: Mood; children: ReactNode }) {
  return (
    <div className={`${css.notice} ${css[mood]}`} role={mood === "bad" ? "alert" : "status"}>
      {mood !== "quiet" && <Icon name={mood === "good" ? "check" : "warn"} />}
      <div>{children}</div>
    </div>
  );
}

/** Shows a request's result, or that it is under way, or why it failed. */
export function Loaded<T>({
  of,
  children,
}: {
  of: { data: T | undefined; error: unknown; refetch?: () => unknown };
  children: (data: T) => ReactNode;
}) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) return <Notice mood="bad">{problemOf(of.error)}</Notice>;
  return <div className={css.loading} role="status" aria-label="Loading" />;
}

export interface Column<T> {
  name: string;
  cell: (item: T) => ReactNode;
  number?: boolean;
}

/** A table that becomes a list of cards on a phone. */
export function Table<T>({
  label,
  columns,
  items,
  id,
}: {
  label: string;
  columns: Column<T>[];
  items: T[];
  id: (item: T) => string;
}) {
  return (
    <div className={css.scroll}>
      <table className={css.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" className={column.number ? "number" : undefined}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={id(item)}>
              {columns.map((column) => (
                <td
                  key={column.name}
                  data-label={column.name}
                  className={column.number ? "number" : undefined}
                >
                  <span>{column.cell(item)}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
