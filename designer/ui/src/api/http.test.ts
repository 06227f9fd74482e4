import { afterEach, expect, test, vi } from "vitest";
import { ApiError, post } from "./http";

afterEach(() => vi.unstubAllGlobals());

const answering = (status: number, body: string) =>
  vi.stubGlobal("fetch", async () => new Response(body, { status }));

const refused = async () => (await post("/operator", []).catch((error) => error)) as ApiError;

test("a refusal carries the service's words and the field", async () => {
  answering(400, `{"error":"must not be empty","field":"[0].name"}`);
  const error = await refused();
  expect([error.message, error.status, error.field]).toEqual(["must not be empty", 400, "[0].name"]);
});

test("an answer that is no JSON is shown as it came", async () => {
  answering(413, "too large");
  expect((await refused()).message).toBe("too large");
});

test("a server in front of the designer that does not reach it says so in our words", async () => {
  for (const body of ["<html>Bad Gateway</html>", ""]) {
    answering(502, body);
    const error = await refused();
    expect([error.status, error.message]).toEqual([0, expect.stringContaining("cannot be reached")]);
  }
});

test("no answer is told apart from a refusal", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("network");
  });
  const error = await refused();
  expect(error).toBeInstanceOf(ApiError);
  expect([error.status, error.message]).toEqual([0, expect.stringContaining("cannot be reached")]);
});

test("an answer of plain text is given back as text", async () => {
  answering(200, "OK");
  expect(await post("/operator", [])).toBe("OK");
});
