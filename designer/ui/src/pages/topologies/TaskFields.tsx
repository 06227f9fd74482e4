// Settings of a task: its operator, and the entities it writes.
import { useId } from "react";
import { useOperators } from "@/api/documents";
import { hashOf } from "@/app/router";
import { type Drawing, indexOf, type TaskNode } from "@/topology/document";
import {
  added,
  changed,
  connected,
  newStream,
  outputAdded,
  outputChanged,
  outputRemoved,
} from "@/topology/edit";
import { STREAM_WIDTH } from "@/topology/layout";
import { Button, SelectField, TextField } from "@/ui";
import css from "./Inspector.module.css";
import { type Link, Links } from "./Links";
import { useActions, useDrawing } from "./store";
import { useTypeNames } from "./suggestions";
import { titleOf } from "./words";

interface Props {
  task: TaskNode;
  problem: (field: string) => string | undefined;
  onConnect: (output: number) => void;
}

export function TaskFields({ task, problem, onConnect }: Props) {
  const drawing = useDrawing();
  const { change, edit } = useActions();
  const operators = useOperators().data;
  const names = Object.keys(operators ?? {}).sort();
  const known = task.operator === "" || names.includes(task.operator);
  const description = operators?.[task.operator]?.description;
  const newInput = () => {
    const [next, stream] = added(drawing, newStream(""), { x: task.x - STREAM_WIDTH - 80, y: task.y });
    change(connected(next, { from: stream, to: task.id }), "Stream added.");
    edit(stream);
  };
  return (
    <>
      <div data-field="name">
        <TextField
          label="Name"
          value={task.name}
          problem={problem("name")}
          onChange={({ target }) =>
            change(changed(drawing, task.id, { name: target.value }), "", { step: `${task.id} name` })
          }
        />
      </div>
      <div data-field="operator">
        <SelectField
          label="Operator"
          value={task.operator}
          problem={problem("operator")}
          hint={description}
          onChange={({ target }) => change(changed(drawing, task.id, { operator: target.value }), "")}
        >
          <option value="">Choose one</option>
          {!known && <option value={task.operator}>{task.operator}</option>}
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </SelectField>
        {operators?.[task.operator] && (
          <a className={css.aside} href={hashOf("operators", [task.operator])}>
            Open the operator
          </a>
        )}
      </div>
      <Links
        label="Reads"
        links={inputLinks(drawing, task)}
        problem={problem("input")}
        field="input"
        onAdd={newInput}
        add="Read a new stream"
      />
      <Outputs task={task} problem={problem} onConnect={onConnect} />
    </>
  );
}

function inputLinks(drawing: Drawing, task: TaskNode): Link[] {
  const { nodes, into } = indexOf(drawing);
  return (into.get(task.id) ?? []).map((edge) => ({
    edge: edge.id,
    node: edge.from,
    text: titleOf(drawing, nodes.get(edge.from)!),
  }));
}

function Outputs({ task, problem, onConnect }: Props) {
  const drawing = useDrawing();
  const { change } = useActions();
  const types = useTypeNames();
  const list = useId();
  const many = task.outputs.length > 1;
  return (
    <div className={css.links}>
      <h3>Writes</h3>
      <datalist id={list}>
        {types.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {task.outputs.map((output, index) => {
        const name = many ? `Entity type of output ${index + 1}` : "Entity type of the output";
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: an output is known by its number
          <div key={index} className={css.output} data-field={`output.${index}`}>
            <TextField
              label={name}
              value={output.type}
              list={list}
              problem={problem(`output.${index}`)}
              onChange={({ target }) =>
                change(outputChanged(drawing, task.id, index, target.value), "", {
                  step: `${task.id} output ${index}`,
                })
              }
            />
            <div className="row">
              <Button icon="topologies" onClick={() => onConnect(index)}>
                Connect to…
              </Button>
              <Button
                look="plain"
                icon="trash"
                aria-label={`Take ${output.type || `output ${index + 1}`} away`}
                onClick={() => change(outputRemoved(drawing, task.id, index), "Output removed.")}
              />
            </div>
          </div>
        );
      })}
      <Button icon="plus" onClick={() => change(outputAdded(drawing, task.id), "Output added.")}>
        Add an output
      </Button>
    </div>
  );
}
