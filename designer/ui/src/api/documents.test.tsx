import { onlineManager, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { queryClient, useChange, useOperators } from "./documents";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  onlineManager.setOnline(true);
});

const within =
  (client: QueryClient) =>
  ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );

test("documents are found by any name, and only by their own", async () => {
  const answer = '{"__proto__":{"name":"__proto__"},"counter":{"name":"counter"}}';
  vi.stubGlobal("fetch", async () => new Response(answer));
  const client = new QueryClient();
  const { result } = renderHook(() => useOperators(), { wrapper: within(client) });
  const check = () => {
    const operators = result.current.data ?? {};
    expect(Object.keys(operators)).toEqual(["__proto__", "counter"]);
    expect(Object.getOwnPropertyDescriptor(operators, "__proto__")?.value.name).toBe("__proto__");
    expect(operators.toString).toBeUndefined();
    expect("constructor" in operators).toBe(false);
  };
  await waitFor(check);
  await client.refetchQueries();
  check();
});

test("a designer on a machine without any network is asked all the same", async () => {
  const asked = vi.fn(async () => new Response("{}"));
  vi.stubGlobal("fetch", asked);
  onlineManager.setOnline(false);
  const wrapper = within(queryClient);
  const { result } = renderHook(() => useOperators(), { wrapper });
  await waitFor(() => expect(result.current.isSuccess).toBe(true));
  const change = renderHook(() => useChange("operator", asked), { wrapper });
  await change.result.current.mutateAsync("counter");
  expect(asked).toHaveBeenCalledWith("counter", expect.anything());
});
