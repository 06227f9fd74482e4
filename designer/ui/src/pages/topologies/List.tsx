// All topologies.
import { useState } from "react";
import { useIntents, useServices } from "@/api/documents";
import type { Service } from "@/api/types";
import { go, hashOf } from "@/app/router";
import { grouped } from "@/topology/document";
import { draftOf } from "@/topology/drafts";
import { openService } from "@/topology/service";
import { Button, ButtonLink, dateTime, Loaded, Notice, Page, toast } from "@/ui";
import { DeleteDialog } from "./BenchDialogs";
import { ExportDialog, ImportDialog } from "./Dialogs";
import { TopologyTable } from "./TopologyTable";
import { openNext } from "./Workbench";

type Open = { what: "import" } | { what: "export" | "delete"; name: string } | null;

export function List() {
  const services = useServices();
  const intents = useIntents().data;
  const [open, setOpen] = useState<Open>(null);
  const [unsaved] = useState(() => draftOf(""));
  const byTopology = grouped(Object.values(intents ?? {}), (intent) => intent.topology);
  const actions = (
    <>
      <Button icon="upload" onClick={() => setOpen({ what: "import" })}>
        Import
      </Button>
      <ButtonLink icon="plus" look="primary" href={hashOf("topologies", ["new"])}>
        New topology
      </ButtonLink>
    </>
  );
  return (
    <Page
      title="Topologies"
      about="Data flows: which operators work on which entities, and what they write."
      actions={actions}
    >
      {unsaved && (
        <Notice mood="warn">
          A new topology of {dateTime(unsaved.at)} was not saved.{" "}
          <a href={hashOf("topologies", ["new"])}>Go on with it</a>
        </Notice>
      )}
      <Loaded of={services}>
        {(known) => (
          <>
            <TopologyTable
              rows={Object.entries(known).map(([name, service]) => ({
                name,
                service,
                intents: byTopology.get(name) ?? [],
              }))}
              onOpen={(what, name) => setOpen({ what, name })}
            />
            <ListDialog open={open} services={known} onClose={() => setOpen(null)} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function ListDialog({
  open,
  services,
  onClose,
}: {
  open: Open;
  services: Record<string, Service>;
  onClose: () => void;
}) {
  if (open === null) return null;
  if (open.what === "import") {
    return (
      <ImportDialog
        onClose={onClose}
        onOpened={(opened) => {
          openNext(opened);
          go("topologies", ["new"]);
        }}
      />
    );
  }
  const service = services[open.name];
  if (open.what === "export") {
    return service ? <ExportDialog drawing={openService(service).drawing} onClose={onClose} /> : null;
  }
  return (
    <DeleteDialog
      name={open.name}
      onClose={onClose}
      onDeleted={() => toast(`Topology ${open.name} is deleted.`)}
    />
  );
}
