// The editor's dialogs: choosing what to connect to, files, and the keys.
import { useState } from "react";
import { problemOf } from "@/api/http";
import { refusal } from "@/topology/connect";
import { type Drawing, isTask, nodeOf } from "@/topology/document";
import { type Format, fileNameOf, MAX_FILE_BYTES, read, tooLarge, written } from "@/topology/exchange";
import type { Opened } from "@/topology/service";
import { Button, Dialog, Field, Notice, SelectField } from "@/ui";
import css from "./Dialogs.module.css";
import { boardKeys, keys } from "./shortcuts";
import { useActions, useDrawing } from "./store";
import { titleOf } from "./words";

export interface Start {
  from: string;
  output?: number;
}

/** Lines without a mouse: every node that makes sense, and why the others do not. */
export function ConnectDialog({ start, onClose }: { start: Start; onClose: () => void }) {
  const drawing = useDrawing();
  const { connect } = useActions();
  const [output, setOutput] = useState(start.output ?? 0);
  const from = nodeOf(drawing, start.from);
  if (!from) return null;
  const link = (to: string) => ({ from: from.id, output: isTask(from) ? output : undefined, to });
  const others = drawing.nodes
    .filter((node) => node.id !== from.id)
    .map((node) => ({ node, title: titleOf(drawing, node), reason: refusal(drawing, link(node.id)) }));
  const possible = others.filter(({ reason }) => !reason);
  const refused = others.filter(({ reason }) => reason);
  return (
    <Dialog title={`Connect ${titleOf(drawing, from)} to…`} onClose={onClose}>
      {isTask(from) && from.outputs.length > 1 && (
        <SelectField label="Output" value={output} onChange={({ target }) => setOutput(Number(target.value))}>
          {from.outputs.map(({ type }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: an output is known by its number
            <option key={index} value={index}>
              {type || `Output ${index + 1}`}
            </option>
          ))}
        </SelectField>
      )}
      {possible.length === 0 && <p>There is nothing it could be connected to. Add a task first.</p>}
      <ul className={css.targets}>
        {possible.map(({ node, title }) => (
          <li key={node.id}>
            <Button
              className={css.target}
              onClick={() => {
                connect(link(node.id));
                onClose();
              }}
            >
              {title}
            </Button>
          </li>
        ))}
      </ul>
      {refused.length > 0 && (
        <details>
          <summary>Not possible ({refused.length})</summary>
          <ul className={css.refused}>
            {refused.map(({ node, title, reason }) => (
              <li key={node.id}>
                {title}: <span className="soft">{reason}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </Dialog>
  );
}

interface ImportProps {
  onClose: () => void;
  onOpened: (opened: Opened) => void;
}

export function ImportDialog({ onClose, onOpened }: ImportProps) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const take = (json: string) => {
    try {
      onOpened(read(json));
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  const choose = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > MAX_FILE_BYTES) setProblem(tooLarge(file.size));
    else take(await file.text());
  };
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button look="primary" disabled={!text.trim()} onClick={() => take(text)}>
        Import
      </Button>
    </>
  );
  return (
    <Dialog title="Import a topology" onClose={onClose} actions={actions}>
      <Field
        label="File"
        hint="JSON: a service, a topology, or a drawing of the first designer. At most 1 MB."
      >
        {(wiring) => (
          <input
            {...wiring}
            type="file"
            accept=".json,application/json"
            onChange={({ target }) => void choose(target.files?.[0])}
          />
        )}
      </Field>
      <Field label="Or its text">
        {(wiring) => (
          <textarea
            {...wiring}
            className={`${wiring.className} ${css.json}`}
            spellCheck={false}
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
        )}
      </Field>
      {problem && <Notice mood="bad">{problem}</Notice>}
    </Dialog>
  );
}

const formats: { format: Format; name: string; about: string }[] = [
  { format: "service", name: "Service", about: "Topology and drawing together. This is what is saved." },
  { format: "topology", name: "Topology", about: "What runs, without the drawing." },
  {
    format: "designboard",
    name: "Drawing",
    about: "Only the drawing, as FogFlow's first designer keeps it.",
  },
];

export function ExportDialog({ drawing, onClose }: { drawing: Drawing; onClose: () => void }) {
  const [format, setFormat] = useState<Format>("service");
  const text = written(drawing, format);
  const actions = (
    <>
      <Button onClick={onClose}>Close</Button>
      <Button look="primary" icon="download" onClick={() => download(fileNameOf(drawing, format), text)}>
        Download
      </Button>
    </>
  );
  return (
    <Dialog title="Export" onClose={onClose} actions={actions} wide>
      <SelectField
        label="What"
        value={format}
        hint={formats.find((one) => one.format === format)?.about}
        onChange={({ target }) => setFormat(target.value as Format)}
      >
        {formats.map((one) => (
          <option key={one.format} value={one.format}>
            {one.name}
          </option>
        ))}
      </SelectField>
      <Field label={fileNameOf(drawing, format)}>
        {(wiring) => (
          <textarea {...wiring} className={`${wiring.className} ${css.json}`} readOnly value={text} />
        )}
      </Field>
    </Dialog>
  );
}

function download(name: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}

export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className={css.keys}>
        {[...boardKeys, ...keys].map((key) => (
          <div key={key.keys}>
            <dt>{key.keys}</dt>
            <dd>{key.does}</dd>
          </div>
        ))}
      </dl>
      <p className="soft">On a Mac, Cmd does what Ctrl does.</p>
    </Dialog>
  );
}
