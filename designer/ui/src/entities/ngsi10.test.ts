import { afterEach, describe, expect, test, vi } from "vitest";
import {
  discover,
  element,
  refusalIn,
  registrationsIn,
  removeAttributes,
  removeIfThere,
  sameAddress,
  update,
} from "./ngsi10";
import { readValue } from "./values";

const answers = (body: unknown, status = 200) =>
  vi
    .spyOn(globalThis, "fetch")
    .mockImplementation(async () => new Response(JSON.stringify(body), { status }));

const bodyOf = (fetched: { mock: { calls: unknown[][] } }) =>
  JSON.parse((fetched.mock.calls[0]![1] as RequestInit).body as string) as unknown;

afterEach(() => vi.restoreAllMocks());

const done = { contextResponses: [{ statusCode: { code: 200, reasonPhrase: "OK" } }] };
const panel = { id: "p1", type: "Panel" };

describe("updates", () => {
  test("name only what changes", async () => {
    const fetched = answers(done);
    await update(element(panel, [{ name: "usage", type: "float", value: 3 }]));
    expect(bodyOf(fetched)).toEqual({
      contextElements: [
        {
          entityId: { id: "p1", type: "Panel", isPattern: false },
          attributes: [{ name: "usage", type: "float", value: 3 }],
        },
      ],
      updateAction: "UPDATE",
    });
  });

  test("attributes are removed by name", async () => {
    const fetched = answers(done);
    await removeAttributes(panel, ["usage"]);
    expect(bodyOf(fetched)).toMatchObject({
      updateAction: "DELETE",
      contextElements: [{ attributes: [{ name: "usage" }] }],
    });
  });

  test("a refusal inside an answer 200 is an error", async () => {
    answers({
      contextResponses: [
        {
          contextElement: element(panel),
          statusCode: { code: 404, reasonPhrase: "Not Found", details: "no such entity" },
        },
      ],
    });
    await expect(update(element(panel))).rejects.toMatchObject({
      message: "p1: no such entity",
      status: 404,
    });
  });

  test("a refusal of the whole request is said in the broker's words", async () => {
    answers({ errorCode: { code: 400, details: "contextElements[0].entityId.id: must not be empty" } }, 400);
    await expect(update(element({ id: "", type: "" }))).rejects.toThrow("entityId.id: must not be empty");
  });

  test("codes may be texts, as Orion writes them", () => {
    expect(refusalIn({ contextResponses: [{ statusCode: { code: "200" } }] })).toBeUndefined();
    expect(refusalIn({ errorCode: { code: "404", reasonPhrase: "No context element found" } })?.status).toBe(
      404,
    );
  });

  test("what is gone already counts as removed", async () => {
    answers({ errorCode: { code: 404, details: "this broker holds no entity `x`" } }, 404);
    await expect(removeIfThere("x")).resolves.toBeUndefined();
  });
});

describe("availability", () => {
  const found = {
    contextRegistrationResponses: [
      {
        contextRegistration: {
          entities: [{ ...panel, isPattern: false }],
          providingApplication: "http://b/ngsi10",
        },
      },
    ],
  };
  test("registrations name the provider and its entities", () => {
    expect(registrationsIn(found)).toEqual([{ provider: "http://b/ngsi10", entities: [panel] }]);
  });
  test("nobody providing is an empty answer", async () => {
    answers({ contextRegistrationResponses: [], errorCode: { code: 404, reasonPhrase: "Not Found" } });
    await expect(discover([panel])).resolves.toEqual([]);
  });
  test("a broker is known by its address with and without /ngsi10", () => {
    expect(sameAddress("http://b:8070/ngsi10", "http://b:8070/")).toBe(true);
    expect(sameAddress("http://b:8070", "http://c:8070")).toBe(false);
  });
});

describe("values", () => {
  test.each<[string, string, unknown]>([
    ["float", "21.5", 21.5],
    ["integer", "7", 7],
    ["boolean", "True", true],
    ["string", "7", "7"],
    ["object", '{"a":1}', { a: 1 }],
    ["celsius", "7", 7],
    ["celsius", "warm", "warm"],
  ])("%s %s", (type, text, value) => expect(readValue(type, text)).toEqual({ value }));

  test.each([
    ["float", "warm"],
    ["integer", "1.5"],
    ["integer", ""],
    ["boolean", "yes"],
    ["object", "{"],
  ])("%s refuses %s", (type, text) => expect(readValue(type, text)).toHaveProperty("problem"));
});
