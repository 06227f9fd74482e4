import { cleanup, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test } from "vitest";
import type { Worker } from "@/api/types";
import { forgetSimulation } from "@/devices/simulator";
import { deviceIds, types } from "@/example/example";
import {
  type Asked,
  answers,
  entity,
  faults,
  follow,
  forgetAll,
  hear,
  NOW,
  refusal,
  show,
  updated,
} from "@/testing/system";
import GuidePage from ".";

afterEach(() => {
  for (const id of deviceIds) forgetSimulation(id);
  cleanup();
  forgetAll();
});

type Named = { name?: string; id?: string; topology?: { name: string } };

/** A designer that keeps what it is given, and lets go of it. */
function designer() {
  const kept: Record<string, Record<string, unknown>> = { operator: {}, service: {}, intent: {}, device: {} };
  const routes: Record<string, unknown> = {
    "POST /ngsi10/updateContext": updated,
    "POST /ngsi10/queryContext": { contextResponses: [] },
  };
  for (const [kind, documents] of Object.entries(kept)) {
    routes[`GET /${kind}`] = () => documents;
    routes[`POST /${kind}`] = ({ body }: Asked) => {
      for (const one of [body].flat() as Named[])
        documents[(one.topology?.name ?? one.id ?? one.name)!] = one;
      return {};
    };
  }
  return { kept, routes };
}

const worker: Worker = {
  id: "Worker.a",
  capacity: 9,
  workload: 0,
  engines: ["function"],
  seen: NOW,
  state: "ready",
};
const press = (name: string) => userEvent.click(screen.getByRole("button", { name }));
const done = (count: number) => waitFor(() => expect(screen.queryAllByText("done")).toHaveLength(count));

test("three presses install, start and connect, and results appear", async () => {
  const { kept, routes } = designer();
  answers(routes);
  show(<GuidePage />, "#/guide");
  hear({}, { workers: [worker] });
  await waitFor(() =>
    expect(screen.getByRole("button", { name: "Install the example" })).toHaveProperty("disabled", false),
  );
  expect(screen.getByRole("button", { name: "Start it" })).toHaveProperty("disabled", true);
  expect(await faults()).toEqual([]);
  await press("Install the example");
  await done(1);
  await press("Start it");
  await done(2);
  await press("Connect devices");
  await done(3);
  expect(Object.values(kept).map((documents) => Object.keys(documents).length)).toEqual([2, 1, 1, 3]);
  follow(
    types.summary,
    entity("s", types.summary, { mean: 20.5, warmest: 22, coldest: 19, thermometers: 3 }),
  );
  expect(await screen.findByText("20.50 °C")).toBeTruthy();
  expect(await faults()).toEqual([]);
});

test("a failure is shown at its step, which can be tried again", async () => {
  const { routes } = designer();
  const works = routes["POST /service"];
  routes["POST /service"] = () => refusal(503, "the change could not be stored");
  answers(routes);
  show(<GuidePage />, "#/guide");
  await waitFor(() =>
    expect(screen.getByRole("button", { name: "Install the example" })).toHaveProperty("disabled", false),
  );
  await press("Install the example");
  expect(await screen.findByText(/the change could not be stored/)).toBeTruthy();
  expect(screen.getByText("2 of 3 parts are registered.")).toBeTruthy();
  routes["POST /service"] = works;
  await press("Install the rest");
  await done(1);
});

test("without a worker it says so, and what to do", async () => {
  answers(designer().routes);
  show(<GuidePage />, "#/guide");
  hear({});
  expect(await screen.findByText(/No worker has joined/)).toBeTruthy();
  expect(screen.getByRole("link", { name: "See the workers" })).toBeTruthy();
});

test("removing takes everything away, also what was gone already", async () => {
  const { kept, routes } = designer();
  const asked = answers(routes);
  kept.operator!["example-average"] = {};
  kept.device![deviceIds[0]!] = {};
  routes["DELETE /operator/example-average"] = () => {
    delete kept.operator!["example-average"];
    return "ok";
  };
  routes[`DELETE /device/${deviceIds[0]}`] = () => {
    delete kept.device![deviceIds[0]!];
    return "ok";
  };
  routes["POST /ngsi10/queryContext"] = {
    contextResponses: [{ contextElement: entity("left", types.average, {}), statusCode: { code: 200 } }],
  };
  routes["DELETE /ngsi10/entity/left"] = { code: 200 };
  show(<GuidePage />, "#/guide");
  await userEvent.click(await screen.findByRole("button", { name: "Remove the example" }));
  await waitFor(() => expect(screen.queryByRole("button", { name: "Remove the example" })).toBeNull());
  expect(asked.filter(({ method }) => method === "DELETE").map(({ path }) => path)).toEqual([
    "/intent/ServiceIntent.example-thermometers",
    "/service/example-thermometers",
    "/operator/example-average",
    "/operator/example-summary",
    ...deviceIds.map((id) => `/device/${id}`),
    "/ngsi10/entity/left",
  ]);
});
