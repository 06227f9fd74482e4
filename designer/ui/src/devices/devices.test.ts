import { afterEach, expect, test, vi } from "vitest";
import { deviceOf, documentOf, photoName, photoProblem, saveDevice } from "./devices";

afterEach(() => vi.restoreAllMocks());

test("documents are understood in the forms the designer takes", () => {
  const attributes = [{ name: "t", type: "float", value: 1 }];
  const place = { latitude: 1, longitude: 2 };
  const wanted = { id: "d", type: "D", attributes, place, photo: undefined };
  expect(deviceOf("d", { type: "D", attributes, location: place })).toEqual(wanted);
  const metadata = { location: { type: "point", value: place } };
  const byName = { entityId: { type: "D" }, attributes: { t: { type: "float", value: 1 } }, metadata };
  expect(deviceOf("d", byName)).toEqual(wanted);
  expect(deviceOf("d", { type: "D", photo: "x/y.png" }).photo).toBe("/photo/y.png");
  expect(deviceOf("d", { type: "D", location: { latitude: "x" } }).place).toBeNull();
});

test("what other clients wrote stays, except the place that is replaced", () => {
  const before = { owner: "me", metadata: { location: { value: {} }, shop: { type: "string", value: "a" } } };
  const place = { latitude: 1, longitude: 2 };
  expect(documentOf({ id: "d", type: "D", attributes: [], place }, before)).toEqual({
    owner: "me",
    metadata: [{ name: "shop", type: "string", value: "a" }],
    id: "d",
    type: "D",
    attributes: [],
    location: place,
    photo: undefined,
  });
});

test("attributes that a device no longer has go from its entity too", async () => {
  const fetched = vi
    .spyOn(globalThis, "fetch")
    .mockImplementation(async () => new Response(JSON.stringify({ contextResponses: [] })));
  await saveDevice(
    { id: "d", type: "D", attributes: [{ name: "a", value: 1 }], place: null },
    {
      attributes: [
        { name: "a", value: 1 },
        { name: "b", value: 2 },
      ],
    },
  );
  expect(fetched.mock.calls.map(([path]) => path)).toEqual(["/device", "/ngsi10/updateContext"]);
  expect(JSON.parse(fetched.mock.calls[1]![1]!.body as string)).toMatchObject({
    updateAction: "DELETE",
    contextElements: [{ entityId: { id: "d" }, attributes: [{ name: "b" }] }],
  });
});

test("photos are pictures of 2 MB at most, named after the device", () => {
  expect(photoProblem({ type: "image/svg+xml", size: 10 })).toMatch("PNG");
  expect(photoProblem({ type: "image/png", size: 3_000_000 })).toMatch("2 MB");
  expect(photoProblem({ type: "image/webp", size: 1_000 })).toBeUndefined();
  expect(photoName("../Käse 1", "image/jpeg")).toBe("K-se-1.jpeg");
  expect(photoName("..", "image/png")).toBe("device.png");
});
