import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Settings } from "./simulation";
import { forgetSimulation, MAX_FAILURES, startSimulation, stopSimulation, useSimulations } from "./simulator";

const settings: Settings = {
  intervalS: 1,
  radiusM: 0,
  series: [{ name: "t", type: "float", shape: "walk", low: 0, high: 1, periodS: 60 }],
};
const device = { id: "d", type: "D", attributes: [], place: null };
const done = JSON.stringify({ contextResponses: [{ statusCode: { code: 200 } }] });
const answers = (body: string, status = 200) =>
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response(body, { status }));
const current = () => useSimulations.getState().all.get("d");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  forgetSimulation("d");
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("an update goes out at once and then at each interval", async () => {
  const fetched = answers(done);
  startSimulation(device, settings, 1);
  await vi.advanceTimersByTimeAsync(3_500);
  expect(current()).toMatchObject({ running: true, sent: 4, failed: 0 });
  const [path, init] = fetched.mock.calls[0]!;
  expect(path).toBe("/ngsi10/updateContext");
  expect(JSON.parse(init!.body as string).contextElements[0].entityId.id).toBe("d");
});

test("a failure is counted and does not end it; several in a row do, with the reason", async () => {
  const fetched = answers("{}", 503);
  startSimulation(device, settings, 1);
  await vi.advanceTimersByTimeAsync(2_500);
  expect(current()).toMatchObject({ running: true, failed: 3 });
  fetched.mockImplementation(async () => new Response(done));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(current()).toMatchObject({ running: true, sent: 1, problem: undefined });
  fetched.mockRejectedValue(new TypeError("no network"));
  await vi.advanceTimersByTimeAsync(MAX_FAILURES * 1_000);
  expect(current()).toMatchObject({ running: false, failed: 3 + MAX_FAILURES });
  expect(current()!.reason).toContain("cannot be reached");
  const calls = fetched.mock.calls.length;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(fetched.mock.calls).toHaveLength(calls);
});

test("stopped means that nothing more is sent, even while an answer is awaited", async () => {
  let answer = (_: Response) => {};
  const fetched = vi.spyOn(globalThis, "fetch").mockReturnValue(
    new Promise((resolve) => {
      answer = resolve;
    }),
  );
  startSimulation(device, settings, 1);
  stopSimulation("d");
  answer(new Response(done));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(fetched.mock.calls).toHaveLength(1);
  expect(current()).toMatchObject({ running: false, sent: 0 });
});
