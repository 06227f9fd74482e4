import { useMemo } from "react";
import { useServices } from "@/api/documents";
import { meaningOf, openService } from "@/topology/service";
import { Button, dateTime, Notice } from "@/ui";
import { useActions, useEditor, useEditorStore } from "./store";
import type { Drafts } from "./useDrafts";

interface Props {
  name: string | null;
  /** How the topology was opened, if there is something to say about it. */
  note: string | undefined;
  drafts: Drafts;
  /** While it is being saved, what the service has is neither the old nor the new. */
  saving: boolean;
}

/** What one should know before going on. */
export function Notices({ name, note, drafts, saving }: Props) {
  const elsewhere = useElsewhere(name);
  const services = useServices().data;
  const gone = name !== null && services !== undefined && !(name in services);
  return (
    <>
      {note && <Notice mood="warn">{note}</Notice>}
      {drafts.offered && (
        <Notice mood="warn">
          <div className="row spread">
            There are changes of {dateTime(drafts.offered.at)} that were not saved.
            <span className="row">
              <Button onClick={drafts.take}>Go on with them</Button>
              <Button onClick={drafts.discard}>Throw them away</Button>
            </span>
          </div>
        </Notice>
      )}
      {drafts.tooLarge && (
        <Notice mood="warn">
          This browser has no room for a draft: what is not saved is lost with this tab.
        </Notice>
      )}
      {gone && !saving && (
        <Notice mood="warn">This topology was deleted elsewhere. Saving makes it anew.</Notice>
      )}
      {elsewhere && !saving && (
        <Notice mood="warn">
          <div className="row spread">
            This topology was changed elsewhere. Saving replaces that change.
            <Button onClick={elsewhere}>Show it as it is now</Button>
          </div>
        </Notice>
      )}
    </>
  );
}

/** Takes over what somebody else saved meanwhile, if anybody did. */
function useElsewhere(name: string | null): (() => void) | undefined {
  const store = useEditorStore();
  const { replace, keep } = useActions();
  const service = useServices().data?.[name ?? ""];
  const saved = useEditor((editor) => editor.saved);
  const now = useMemo(() => (service ? openService(service).drawing : undefined), [service]);
  if (!now || !saved || saved.name !== now.name || meaningOf(now) === meaningOf(saved)) return undefined;
  return () => {
    replace(now, "Shown as it is now.");
    keep(store.getState().history.present);
  };
}
