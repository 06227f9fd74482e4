// Starting a task instance anew.
import { useState } from "react";
import { post, segment } from "@/api/http";
import type { Instance } from "@/api/types";
import { Button, Confirm, Notice, siteOf, time } from "@/ui";
import { shortName } from "./deployments";

export function Restart({ instance }: { instance: Instance }) {
  const [asking, setAsking] = useState(false);
  const [asked, setAsked] = useState<number | null>(null);
  const name = `${instance.TaskName} ${shortName(instance)}`;
  const worker = siteOf(instance.Worker);
  const restart = async () => {
    await post(`/instance/${segment(instance.ID)}/restart`);
    setAsked(Date.now());
  };
  return (
    <>
      <Button
        icon="restart"
        disabled={!instance.Worker}
        title={instance.Worker ? undefined : "It has no worker yet"}
        onClick={() => setAsking(true)}
      >
        Restart
      </Button>
      {asked !== null && (
        <Notice mood="good">
          Worker {worker} starts it anew, as asked at {time(asked)}.
        </Notice>
      )}
      {asking && (
        <Confirm
          title="Restart this task instance?"
          action="Restart"
          onClose={() => setAsking(false)}
          onConfirm={restart}
        >
          Worker {worker} stops {name} and starts it anew. What it keeps in memory is lost.
        </Confirm>
      )}
    </>
  );
}
