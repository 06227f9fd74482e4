import { useLive, useWatch } from "@/api/live";
import type { Attribute, Element, Instance } from "@/api/types";
import { hashOf } from "@/app/router";
import { useHistory } from "@/entities/history";
import { entityHref } from "@/entities/links";
import { attributeOf, numeric, textOf } from "@/entities/values";
import { INTENT, TOPOLOGY, types } from "@/example/example";
import { ButtonLink, Card, Empty, StateChip, siteOf, Table } from "@/ui";
import { Sparkline } from "@/ui/sparkline";
import css from "./guide.module.css";
import type { Seen } from "./state";

/** Where the results are on the page. */
export const RESULTS = "results";

const followed = Object.values(types);

/** What comes out, as it comes. */
export function Results({ seen }: { seen: Seen }) {
  useWatch(followed);
  const entities = useLive((live) => live.entities);
  const of = (type: string) =>
    [...entities.values()]
      .filter(({ entityId }) => entityId.type === type)
      .sort((a, b) => a.entityId.id.localeCompare(b.entityId.id));
  const [summary] = of(types.summary);
  const averages = of(types.average).sort((a, b) => thermometer(a).localeCompare(thermometer(b)));
  return (
    <div id={RESULTS}>
      <Card
        title="Results"
        actions={
          <>
            <ButtonLink href={hashOf("map")} icon="map">
              Map
            </ButtonLink>
            <ButtonLink href={hashOf("running", [INTENT])} icon="running">
              Running
            </ButtonLink>
            <ButtonLink href={hashOf("topologies", [TOPOLOGY])} icon="topologies">
              Topology
            </ButtonLink>
          </>
        }
      >
        <div className="stack">
          {summary ? (
            <Summary entity={summary} />
          ) : (
            <Empty title="No results yet.">
              They appear here by themselves, a moment after the third step.
            </Empty>
          )}
          <div className={css.tables}>
            <Averages entities={averages} />
            <Instances seen={seen} />
          </div>
        </div>
      </Card>
    </div>
  );
}

const thermometer = (average: Element) =>
  textOf(attributeOf(average, "thermometer")?.value) || average.entityId.id;

const number = (entity: Element, name: string) => {
  const value = numeric(attributeOf(entity, name)?.value);
  return value === undefined ? "–" : value.toFixed(2);
};

function Summary({ entity }: { entity: Element }) {
  const mean = attributeOf(entity, "mean");
  return (
    <div className={css.summary}>
      <div>
        <div className="soft">Mean of all thermometers</div>
        <a className={css.big} href={entityHref(types.summary, entity.entityId.id)}>
          {number(entity, "mean")} °C
        </a>
      </div>
      {mean && <Course entity={entity} attribute={mean} label="Mean temperature" wide />}
      <dl className={css.figures}>
        <div>
          <dt>Warmest</dt>
          <dd>{number(entity, "warmest")} °C</dd>
        </div>
        <div>
          <dt>Coldest</dt>
          <dd>{number(entity, "coldest")} °C</dd>
        </div>
        <div>
          <dt>Thermometers</dt>
          <dd>{textOf(attributeOf(entity, "thermometers")?.value)}</dd>
        </div>
      </dl>
    </div>
  );
}

interface CourseProps {
  entity: Element;
  attribute: Attribute;
  label: string;
  wide?: boolean;
}

function Course({ entity, attribute, label, wide }: CourseProps) {
  const points = useHistory(entity, attribute);
  const values = points.map(([, value]) => value);
  return <Sparkline label={label} values={values} width={wide ? 320 : 110} height={wide ? 56 : 24} fit />;
}

function Averages({ entities }: { entities: Element[] }) {
  if (entities.length === 0) return null;
  return (
    <Table
      label="Averages"
      columns={[
        {
          name: "Thermometer",
          cell: (entity) => (
            <a href={entityHref(entity.entityId.type, entity.entityId.id)}>{thermometer(entity)}</a>
          ),
        },
        { name: "Now", number: true, cell: (entity) => `${number(entity, "temperature")} °C` },
        { name: "Average", number: true, cell: (entity) => `${number(entity, "average")} °C` },
        { name: "Course", cell: (entity) => <AverageCourse entity={entity} /> },
      ]}
      items={entities}
      id={({ entityId }) => entityId.id}
    />
  );
}

function AverageCourse({ entity }: { entity: Element }) {
  const average = attributeOf(entity, "average");
  return average ? <Course entity={entity} attribute={average} label="Average temperature" /> : null;
}

const ofThermometer = (inputs: Instance["Inputs"]) => {
  const input = inputs?.find(({ Type }) => Type === types.thermometer);
  return input ? ` of ${input.ID}` : "";
};

function Instances({ seen }: { seen: Seen }) {
  if (seen.instances.length === 0) return null;
  return (
    <Table
      label="Task instances"
      columns={[
        {
          name: "Task instance",
          cell: ({ ID, TaskName, Inputs }) => (
            <a href={hashOf("running", [INTENT], { instance: ID })}>
              {TaskName}
              {ofThermometer(Inputs)}
            </a>
          ),
        },
        { name: "State", cell: ({ Status }) => <StateChip state={Status} /> },
        { name: "Worker", cell: ({ Worker }) => (Worker ? siteOf(Worker) : "waits for one") },
      ]}
      items={[...seen.instances]}
      id={({ ID }) => ID}
    />
  );
}
