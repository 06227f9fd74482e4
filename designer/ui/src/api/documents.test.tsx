import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { useOperators } from "./documents";

afterEach(() => vi.unstubAllGlobals());

test("documents are found by any name, and only by their own", async () => {
  const answer = '{"__proto__":{"name":"__proto__"},"counter":{"name":"counter"}}';
  vi.stubGlobal("fetch", async () => new Response(answer));
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const { result } = renderHook(() => useOperators(), { wrapper });
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
