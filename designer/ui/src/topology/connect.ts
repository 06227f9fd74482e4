// Which lines make sense, and why the others do not.
import { type Drawing, indexOf, inputsOf, isTask, nodeOf, type StreamNode, typesInto } from "./document";

/** A line that somebody wants to draw. */
export interface Link {
  from: string;
  output?: number;
  to: string;
}

const said = (type: string) => (type ? `\`${type}\`` : "a type that has no name yet");

/** Why the line cannot be, or nothing when it can. */
export function refusal(drawing: Drawing, link: Link): string | undefined {
  const from = nodeOf(drawing, link.from);
  const to = nodeOf(drawing, link.to);
  if (!from || !to) return "One of the two is no longer there.";
  if (from.id === to.id) return "Nothing can feed itself.";
  if (!isTask(from)) {
    if (!isTask(to)) return "A stream feeds tasks, not other streams.";
    const twice = inputsOf(drawing, to.id).some((stream) => stream.id === from.id);
    return twice ? `Task \`${to.name}\` reads this stream already.` : undefined;
  }
  const output = from.outputs[link.output ?? 0];
  if (!output) return `Task \`${from.name}\` has no output there: add one to it first.`;
  if (isTask(to))
    return readsAlready(drawing, link) ? twiceBetween(from.name, to.name, output.type) : undefined;
  return intoStream(drawing, link, to, output.type, from.name);
}

const twiceBetween = (from: string, to: string, type: string) =>
  `Task \`${to}\` reads ${said(type)} of \`${from}\` already.`;

function readsAlready(drawing: Drawing, { from, output, to }: Link): boolean {
  const { into } = indexOf(drawing);
  const feeds = (stream: StreamNode) =>
    into.get(stream.id)?.some((edge) => edge.from === from && edge.output === (output ?? 0));
  return inputsOf(drawing, to).some(feeds);
}

function intoStream(drawing: Drawing, link: Link, stream: StreamNode, type: string, task: string) {
  const feeding = indexOf(drawing).into.get(stream.id) ?? [];
  if (feeding.some((edge) => edge.from === link.from && edge.output === (link.output ?? 0))) {
    return `Task \`${task}\` feeds this stream already.`;
  }
  const other = feeding.length
    ? typesInto(drawing, stream).find((known) => known !== type)
    : stream.type || type;
  if (other === undefined || other === type) return undefined;
  return `The stream carries ${said(other)}, but \`${task}\` writes ${said(type)} there.`;
}

/** Everything a node or an output of it could be joined to, for choosing from a list. */
export const targetsOf = (drawing: Drawing, from: string, output?: number) =>
  drawing.nodes.filter((node) => refusal(drawing, { from, output, to: node.id }) === undefined);
