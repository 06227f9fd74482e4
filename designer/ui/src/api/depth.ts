// How deep a document may be nested.

/** The designer takes 64 levels, of which a request has a few around the document. */
const MAX_LEVELS = 60;

/** Whether a document is nested too deep to be sent. */
export const tooDeep = (document: unknown): boolean => deeperThan(document, MAX_LEVELS);

function deeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => deeperThan(member, levels - 1));
}
