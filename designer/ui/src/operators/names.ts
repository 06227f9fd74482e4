// What the designer takes for a name of an operator, task, topology or fog function.

const MAX_BYTES = 200;
// biome-ignore lint/suspicious/noControlCharactersInRegex: names must not hold them
const forbidden = /[/\\?#%*<>"'`\u0000-\u001f\u007f-\u009f]/u;

/** Why a name cannot be used, if so. */
export function nameProblem(name: string): string | undefined {
  if (!name) return "must not be empty";
  if (new TextEncoder().encode(name).length > MAX_BYTES) return `must not be longer than ${MAX_BYTES} bytes`;
  if (name === "." || name === "..") return "must not be . or ..";
  if (name.trim() !== name) return "must not begin or end with a space";
  const bad = forbidden.exec(name)?.[0];
  return bad && `must not contain ${JSON.stringify(bad)}: names become parts of identifiers and addresses`;
}
