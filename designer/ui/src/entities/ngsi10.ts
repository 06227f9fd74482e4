// NGSI-10 and NGSI-9 as these pages speak them, through the designer's own origin.
import { ApiError, post, remove, segment } from "@/api/http";
import type { Attribute, Element, Metadatum, Point } from "@/api/types";

export type UpdateAction = "UPDATE" | "APPEND" | "DELETE";

interface StatusCode {
  code: number | string;
  reasonPhrase?: string;
  details?: string;
}

interface ContextResponse {
  contextElement?: Element;
  statusCode?: StatusCode;
}

export interface UpdateAnswer {
  contextResponses?: ContextResponse[];
  errorCode?: StatusCode;
}

export interface EntityName {
  id: string;
  type: string;
}

export const updateRequest = (elements: Element[], updateAction: UpdateAction) => ({
  contextElements: elements,
  updateAction,
});

export function element(
  { id, type }: EntityName,
  attributes: Attribute[] = [],
  domainMetadata?: Metadatum[],
): Element {
  const entityId = { id, type, isPattern: false };
  return domainMetadata ? { entityId, attributes, domainMetadata } : { entityId, attributes };
}

export const locationOf = (value: Point): Metadatum => ({ name: "location", type: "point", value });

const fine = (status: StatusCode) => Number(status.code) < 300;

const said = (status: StatusCode) =>
  status.details || status.reasonPhrase || `NGSI status ${Number(status.code)}`;

/** The first refusal in an answer, which comes with HTTP 200; undefined when everything was done. */
export function refusalIn(answer: UpdateAnswer): ApiError | undefined {
  if (answer.errorCode && !fine(answer.errorCode)) {
    return new ApiError(said(answer.errorCode), Number(answer.errorCode.code));
  }
  for (const { contextElement, statusCode } of answer.contextResponses ?? []) {
    if (!statusCode || fine(statusCode)) continue;
    const id = contextElement?.entityId?.id;
    return new ApiError(`${id ? `${id}: ` : ""}${said(statusCode)}`, Number(statusCode.code));
  }
  return undefined;
}

async function sent(elements: Element[], action: UpdateAction) {
  const answer = await post<UpdateAnswer>("/ngsi10/updateContext", updateRequest(elements, action));
  const refusal = refusalIn(answer);
  if (refusal) throw refusal;
}

/** Sets what is named; other attributes stay as they are. */
export const update = (...elements: Element[]) => sent(elements, "UPDATE");

export const removeAttributes = (entity: EntityName, names: string[]) =>
  sent([element(entity, names.map(named))], "DELETE");

const named = (name: string): Attribute => ({ name, type: "", value: "" });

export const removeEntity = (id: string) => remove(`/ngsi10/entity/${segment(id)}`);

/** Removes an entity that may be gone already. */
export async function removeIfThere(id: string) {
  await ifThere(removeEntity(id));
}

/** Takes "there is no such thing" as done. */
export async function ifThere(request: Promise<unknown>) {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
}

interface Reference {
  id?: string;
  type?: string;
  isPattern?: boolean;
}

/** Entities over all brokers of the system. */
export async function query(entities: Reference[]): Promise<Element[]> {
  const answer = await post<UpdateAnswer>("/ngsi10/queryContext", { entities });
  const refusal = refusalIn(answer);
  if (refusal) throw refusal;
  return (answer.contextResponses ?? []).flatMap((response) => response.contextElement ?? []);
}

interface Discovered {
  contextRegistrationResponses?: {
    contextRegistration: { entities?: EntityName[]; providingApplication: string };
  }[];
  errorCode?: StatusCode;
}

export interface Registration {
  provider: string;
  entities: EntityName[];
}

export function registrationsIn(answer: Discovered): Registration[] {
  return (answer.contextRegistrationResponses ?? []).map(({ contextRegistration }) => ({
    provider: contextRegistration.providingApplication,
    entities: (contextRegistration.entities ?? []).map(({ id, type }) => ({ id, type })),
  }));
}

/** Which brokers provide these entities. */
export async function discover(entities: Reference[]): Promise<Registration[]> {
  const answer = await post<Discovered>("/ngsi9/discoverContextAvailability", { entities });
  const refusal = refusalIn({ errorCode: answer.errorCode });
  // Discovery says "not found" for entities that nobody provides.
  if (refusal && refusal.status !== 404) throw refusal;
  return registrationsIn(answer);
}

/** The broker behind an address that discovery gave, whether it ends in `/ngsi10` or not. */
export function sameAddress(one: string, other: string): boolean {
  const bare = (url: string) => url.replace(/\/ngsi10\/?$/, "").replace(/\/$/, "");
  return bare(one) === bare(other);
}
