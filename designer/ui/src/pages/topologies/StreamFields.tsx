// Settings of a stream: which entities, and how many task instances share them.
import { useId } from "react";
import { type Drawing, indexOf, isTask, type StreamNode, typeOf } from "@/topology/document";
import { changed } from "@/topology/edit";
import { CheckField, SelectField, TextField } from "@/ui";
import css from "./Inspector.module.css";
import { type Link, Links } from "./Links";
import { NamesField } from "./NamesField";
import { useActions, useDrawing } from "./store";
import { useNames, useTypeNames } from "./suggestions";
import { groupings, isGrouping, selects, titleOf } from "./words";

interface Props {
  stream: StreamNode;
  problem: (field: string) => string | undefined;
  onConnect: () => void;
}

export function StreamFields({ stream, problem, onConnect }: Props) {
  const drawing = useDrawing();
  const { change } = useActions();
  const type = typeOf(drawing, stream);
  const names = useNames(type);
  const set = (fields: Partial<StreamNode>, step?: string) =>
    change(changed(drawing, stream.id, fields), "", { step: step && `${stream.id} ${step}` });
  const { writers, readers } = endsOf(drawing, stream);
  return (
    <>
      {writers.length ? (
        <Links label="Written by" links={writers} problem={problem("type")} field="type" />
      ) : (
        <TypeField
          type={stream.type}
          problem={problem("type")}
          onChange={(value) => set({ type: value }, "type")}
        />
      )}
      <NamesField
        label="Attributes"
        hint={selects(stream.attributes) ? "Only these are passed on." : "All of them, unless you name some."}
        names={selects(stream.attributes) ? stream.attributes : []}
        suggestions={names.attributes}
        onChange={(attributes) => set({ attributes })}
      />
      <Grouping
        groupby={stream.groupby}
        suggestions={names.groupable}
        problem={problem("groupby")}
        onChange={(groupby) => set({ groupby }, "groupby")}
      />
      <CheckField
        label="Only within the intent's area"
        hint="Leaves out entities outside it, and those without a place."
        checked={stream.scoped}
        onChange={(event) => set({ scoped: event.target.checked })}
      />
      <Links
        label="Read by"
        links={readers}
        problem={problem("readers")}
        field="readers"
        onAdd={onConnect}
        add="Connect to…"
      />
    </>
  );
}

function endsOf(drawing: Drawing, stream: StreamNode): { writers: Link[]; readers: Link[] } {
  const { nodes, into, outOf } = indexOf(drawing);
  const writers = (into.get(stream.id) ?? []).map((edge) => {
    const task = nodes.get(edge.from)!;
    const type = isTask(task) ? task.outputs[edge.output ?? 0]?.type : "";
    return { edge: edge.id, node: task.id, text: `${titleOf(drawing, task)}: ${type || "no type"}` };
  });
  const readers = (outOf.get(stream.id) ?? []).map((edge) => {
    const task = nodes.get(edge.to)!;
    return { edge: edge.id, node: task.id, text: titleOf(drawing, task) };
  });
  return { writers, readers };
}

function TypeField({
  type,
  problem,
  onChange,
}: {
  type: string;
  problem: string | undefined;
  onChange: (type: string) => void;
}) {
  const list = useId();
  const types = useTypeNames();
  return (
    <div data-field="type">
      <TextField
        label="Entity type"
        value={type}
        list={list}
        problem={problem}
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id={list}>
        {types.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </div>
  );
}

interface GroupingProps {
  groupby: string;
  suggestions: string[];
  problem: string | undefined;
  onChange: (groupby: string) => void;
}

const BY_ATTRIBUTE = "by attribute";

function Grouping({ groupby, suggestions, problem, onChange }: GroupingProps) {
  const list = useId();
  const chosen = groupby === "all" ? "ALL" : isGrouping(groupby) ? groupby : BY_ATTRIBUTE;
  return (
    <div className={css.names} data-field="groupby">
      <SelectField
        label="Task instances"
        value={chosen}
        onChange={({ target }) => onChange(target.value === BY_ATTRIBUTE ? "" : target.value)}
      >
        {groupings.map(({ value, name }) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
        <option value={BY_ATTRIBUTE}>One for each attribute value</option>
      </SelectField>
      {chosen === BY_ATTRIBUTE && (
        <>
          <TextField
            label="Attribute to group by"
            hint="Of the entity, or of its domain metadata."
            value={groupby}
            list={list}
            problem={problem}
            onChange={(event) => onChange(event.target.value)}
          />
          <datalist id={list}>
            {suggestions.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </>
      )}
    </div>
  );
}
