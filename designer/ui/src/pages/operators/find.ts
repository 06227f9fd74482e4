// Finds operators by their words.
import type { Operator } from "@/api/types";
import type { User } from "@/operators/usage";

/** Those that have every word of the text in name, description, images or users, by name. */
export function found(operators: Operator[], users: ReadonlyMap<string, User[]>, text: string): Operator[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (operator: Operator) => {
    const all = wordsOf(operator, users.get(operator.name) ?? []);
    return words.every((word) => all.includes(word));
  };
  return operators.filter(has).toSorted((a, b) => a.name.localeCompare(b.name));
}

function wordsOf({ name, description, dockerimages }: Operator, users: User[]): string {
  const images = (dockerimages ?? []).map((image) => `${image.name}:${image.tag ?? ""}`);
  return [name, description ?? "", ...images, ...users.map((user) => user.name)].join("\n").toLowerCase();
}
