// Types with too many entities to be followed: page by page, as the system lists them.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import type { EntityPage } from "@/api/documents";
import { get } from "@/api/http";
import css from "@/entities/entities.module.css";
import { Button, count, Empty, Loaded, Notice, TextField } from "@/ui";
import { EntityTable } from "./EntityTable";
import { attributeNames, byId, columnsShown } from "./filter";

const PAGE = 100;

/** A pattern that means the text itself. */
export const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

export const pagePath = (type: string, search: string, page: number) => {
  const query = new URLSearchParams({ type, limit: String(PAGE), offset: String(page * PAGE) });
  if (search) query.set("idPattern", literal(search));
  return `/info/entity?${query}`;
};

export function EntityPages({ type, id, reason }: { type: string; id?: string; reason?: string }) {
  const [search, setSearch] = useState("");
  const [page, setPage] = useState(0);
  const wanted = useDeferredValue(search.trim());
  const entities = useQuery({
    queryKey: ["entities", type, wanted, page],
    queryFn: () => get<EntityPage>(pagePath(type, wanted, page)),
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
  return (
    <>
      <Notice>
        {type} is not followed live{reason && `: ${reason.replace(/\.$/, "")}`}. Its entities are shown page
        by page, as they stood when the page was fetched.
      </Notice>
      <div className={css.filters}>
        <div className={css.search}>
          <TextField
            label="Search"
            type="search"
            placeholder="part of the identifier"
            value={search}
            onChange={(event) => {
              setSearch(event.target.value);
              setPage(0);
            }}
          />
        </div>
        <Button icon="restart" disabled={entities.isFetching} onClick={() => entities.refetch()}>
          Refresh
        </Button>
      </div>
      <Loaded of={entities}>
        {({ total, entities: shown }) => (
          <>
            <Pager page={page} total={total} onPage={setPage} />
            {shown.length === 0 ? (
              <Empty title="Nothing matches." />
            ) : (
              <EntityTable
                type={type}
                entities={shown}
                columns={columnsShown(attributeNames(shown), null)}
                order={byId}
                current={id}
              />
            )}
          </>
        )}
      </Loaded>
    </>
  );
}

function Pager({ page, total, onPage }: { page: number; total: number; onPage: (page: number) => void }) {
  const last = Math.max(0, Math.ceil(total / PAGE) - 1);
  const first = total === 0 ? 0 : page * PAGE + 1;
  return (
    <div className="row">
      <span className={css.said} role="status">
        {first}–{Math.min(total, (page + 1) * PAGE)} of {count(total)}
      </span>
      <Button disabled={page === 0} onClick={() => onPage(page - 1)}>
        Previous
      </Button>
      <Button disabled={page >= last} onClick={() => onPage(page + 1)}>
        Next
      </Button>
    </div>
  );
}
