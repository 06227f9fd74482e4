// A designer for component tests: answers requests from a list, and keeps what it was sent.
import { vi } from "vitest";

export interface Sent {
  method: string;
  path: string;
  body: unknown;
}

type Answer = { status?: number; body: unknown };

/** `answers` by `METHOD /path`; what is not there answers 404. */
export function designer(answers: Record<string, Answer | ((sent: Sent) => Answer)>) {
  const sent: Sent[] = [];
  const fetch = async (path: string, init: RequestInit = {}) => {
    const method = init.method ?? "GET";
    const request = { method, path, body: init.body ? JSON.parse(String(init.body)) : undefined };
    sent.push(request);
    const found = answers[`${method} ${path}`];
    const answer = typeof found === "function" ? found(request) : found;
    const { status = 200, body } = answer ?? { status: 404, body: { error: "there is no such thing" } };
    return new Response(JSON.stringify(body), { status });
  };
  vi.stubGlobal("fetch", fetch);
  return {
    sent,
    of: (method: string, path: string) => sent.filter((s) => s.method === method && s.path === path),
  };
}
