// Requests to the designer. Errors carry what the service says and which field it means.

export class ApiError extends Error {
  constructor(
    message: string,
    /** 0 when there was no answer. */
    readonly status: number,
    /** The path of the member that is wrong, such as `[0].topology.tasks[0].operator`. */
    readonly field?: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Told of every answer 401, so that signing in can be added in one place. */
export const signInNeeded = new EventTarget();

/** A form is sent as it is, anything else as JSON. */
export async function request<T>(method: Method, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  const asJson = body !== undefined && !(body instanceof FormData);
  if (asJson) headers["content-type"] = "application/json";
  const answer = await send(path, {
    method,
    headers,
    body: asJson ? JSON.stringify(body) : (body as FormData | undefined),
  });
  if (answer.status === 401) signInNeeded.dispatchEvent(new Event("needed"));
  const text = await answer.text();
  if (!answer.ok) throw refusal(answer.status, text);
  return parsed(text) as T;
}

/** Also when a server in front of the designer answers for it, with a page of its own. */
const AWAY = "The designer cannot be reached. Nothing was changed; try again when it is back.";

const LATE = "The designer did not answer in time. See whether it was done before you try again.";

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, credentials: "same-origin", cache: "no-store" });
  } catch {
    throw new ApiError(AWAY, 0);
  }
}

function refusal(status: number, text: string): ApiError {
  const body = parsed(text);
  if (body && typeof body === "object" && "error" in body) {
    const { error, field } = body as { error: unknown; field?: string };
    return new ApiError(typeof error === "string" ? error : JSON.stringify(error), status, field);
  }
  if (typeof body === "string" && [502, 503].includes(status)) return new ApiError(AWAY, 0);
  if (typeof body === "string" && status === 504) return new ApiError(LATE, status);
  const ngsi = (body as { errorCode?: { details?: string; reasonPhrase?: string } } | null)?.errorCode;
  if (ngsi) return new ApiError(ngsi.details || ngsi.reasonPhrase || `NGSI error ${status}`, status);
  return new ApiError(typeof body === "string" && body ? body : `The designer answered ${status}.`, status);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export const get = <T>(path: string) => request<T>("GET", path);
export const post = <T = unknown>(path: string, body?: unknown) => request<T>("POST", path, body);
export const remove = (path: string) => request<unknown>("DELETE", path);

/** A part of a path. */
export const segment = (text: string) => encodeURIComponent(text);

export const problemOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
