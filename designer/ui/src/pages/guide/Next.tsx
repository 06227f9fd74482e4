import { useState } from "react";
import { hashOf } from "@/app/router";
import { Button, Card } from "@/ui";
import { copyText } from "@/ui/clipboard";
import { edgeCommand, edgeConfig, updateCommand } from "./commands";
import css from "./guide.module.css";

/** What to do after the example. */
export function Next() {
  return (
    <div className={css.next}>
      <Card title="Connect a device of your own">
        <div className="stack">
          <p>
            Whatever can send HTTP is a device. The entity is created by the first update, at the broker that
            gets it, and shows up under <a href={hashOf("context")}>Context</a>.
          </p>
          <Command label="Update by curl" text={updateCommand(location.origin)} />
        </div>
      </Card>
      <Card title="Write an operator">
        <div className="stack">
          <p>
            An operator is a function in JavaScript, written and tried under{" "}
            <a href={hashOf("operators")}>Operators</a>, or a container image. A{" "}
            <a href={hashOf("functions")}>fog function</a> runs one operator on one kind of data at once; a{" "}
            <a href={hashOf("topologies")}>topology</a> joins several, and an{" "}
            <a href={hashOf("intents")}>intent</a> says where it is wanted.
          </p>
        </div>
      </Card>
      <Card title="Add an edge node">
        <div className="stack">
          <p>
            A broker and a worker near the devices. On the node, with the program and this config.json; the
            password of the message bus is that of the cloud node.
          </p>
          <Command label="config.json of the edge node" text={edgeConfig(location.hostname)} />
          <Command label="Start the edge node" text={edgeCommand} />
          <p className="soft">
            The node must reach this machine’s ports 8090 (discovery) and 5672 (message bus). A system started
            by <code>fogflow up</code> or <code>fogflow demo</code> keeps its bus to itself: edge nodes need
            one with RabbitMQ.
          </p>
        </div>
      </Card>
    </div>
  );
}

function Command({ label, text }: { label: string; text: string }) {
  const [copied, setCopied] = useState<boolean | null>(null);
  const copy = async () => {
    setCopied(await copyText(text));
    setTimeout(() => setCopied(null), 2_000);
  };
  return (
    <figure className={css.command}>
      <figcaption className={css.commandHead}>
        <span className="soft">{label}</span>
        <Button look="plain" icon={copied ? "check" : "copy"} aria-label={`Copy: ${label}`} onClick={copy} />
      </figcaption>
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <div role="status" className={css.copied}>
        {copied === true && "Copied."}
        {copied === false && "The browser did not allow it: mark the text and copy it."}
      </div>
    </figure>
  );
}
