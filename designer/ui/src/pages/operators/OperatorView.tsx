// One operator, to read.
import { useState } from "react";
import type { Operator } from "@/api/types";
import { go, hashOf } from "@/app/router";
import { FunctionCode } from "@/operators/FunctionCode";
import { codeOf } from "@/operators/operator";
import { known, others } from "@/operators/parameters";
import type { Types, User } from "@/operators/usage";
import { Button, ButtonLink, Card, Notice, Page, Table } from "@/ui";
import { DeleteOperator } from "./DeleteOperator";
import { fileOf } from "./exchange";
import { UsedBy } from "./OperatorList";
import { saveAs } from "./saveAs";

interface Props {
  operator: Operator;
  users: User[];
  types: Types;
}

export function OperatorView({ operator, users, types }: Props) {
  const [deleting, setDeleting] = useState(false);
  const { name, description } = operator;
  const code = codeOf(operator);
  const actions = (
    <>
      <Button icon="download" onClick={() => saveAs(`${name}.json`, fileOf(operator))}>
        Export
      </Button>
      <ButtonLink href={hashOf("operators", [], { new: "1", from: name })} icon="copy">
        Duplicate
      </ButtonLink>
      <Button icon="trash" look="danger" onClick={() => setDeleting(true)}>
        Delete
      </Button>
      <ButtonLink href={hashOf("operators", [name], { edit: "1" })} icon="edit" look="primary">
        Edit
      </ButtonLink>
    </>
  );
  return (
    <Page title={name} about={description} actions={actions}>
      <Card title="Used by">
        <UsedBy users={users} />
      </Card>
      {code && (
        <Card title="Function">
          <FunctionCode
            key={name}
            code={code}
            parameters={operator.parameters ?? undefined}
            inputType={types.input}
            outputType={types.output}
          />
        </Card>
      )}
      <Images operator={operator} />
      <Parameters operator={operator} />
      {!code && !operator.dockerimages?.length && (
        <Notice mood="warn">It has neither function code nor an image: no worker can run it.</Notice>
      )}
      {deleting && (
        <DeleteOperator
          name={name}
          users={users}
          onClose={() => setDeleting(false)}
          onDeleted={() => go("operators")}
        />
      )}
    </Page>
  );
}

function Images({ operator }: { operator: Operator }) {
  const images = (operator.dockerimages ?? []).map((image, index) => ({ ...image, index }));
  if (images.length === 0) return null;
  return (
    <Card title="Container images">
      <Table
        label="Container images"
        items={images}
        id={({ index }) => String(index)}
        columns={[
          { name: "Image", cell: ({ name, tag }) => <code>{`${name}:${tag || "latest"}`}</code> },
          { name: "Hardware", cell: ({ hwType }) => hwType || "Any" },
          { name: "System", cell: ({ osType }) => osType || "Any" },
          { name: "Fetched ahead", cell: ({ prefetched }) => (prefetched ? "Yes" : "No") },
        ]}
      />
    </Card>
  );
}

function Parameters({ operator }: { operator: Operator }) {
  const parameters = (operator.parameters ?? []).map((parameter, index) => ({ ...parameter, index }));
  if (parameters.length === 0) return null;
  return (
    <Card title="Parameters">
      <Table
        label="Parameters"
        items={parameters}
        id={({ index }) => String(index)}
        columns={[
          { name: "Name", cell: ({ name }) => <code>{name}</code> },
          { name: "Value", cell: ({ value }) => <span className="mono">{value}</span> },
          { name: "Meaning", cell: ({ name }) => known.get(name)?.label ?? others[name] ?? "" },
        ]}
      />
    </Card>
  );
}
