// Topologies: the list, and the editor for one.
import { useState } from "react";
import { replace, usePlace } from "@/app/router";
import { nameAt } from "./address";
import { List } from "./List";
import { Workbench } from "./Workbench";

export default function TopologiesPage() {
  const { rest, query } = usePlace();
  /** An editor stays as it is, with its history, when what it edits was saved under another name. */
  const [renamed, setRenamed] = useState<{ editor: string; name: string; times: number } | null>(null);
  if (rest.length === 0) return <List />;
  const name = nameAt(rest, query);
  const times = renamed?.times ?? 0;
  const editor = renamed && renamed.name === name ? renamed.editor : `${times} ${name}`;
  return (
    <Workbench
      key={editor}
      name={name}
      onRenamed={(now) => {
        setRenamed({ editor, name: now, times: times + 1 });
        replace("topologies", [now], now === "new" ? { open: "1" } : {});
      }}
    />
  );
}
