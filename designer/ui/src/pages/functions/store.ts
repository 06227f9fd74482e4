// Stores a fog function, and first the operator it brings along.
import { post, problemOf, remove, segment } from "@/api/http";
import type { FogFunction, Operator } from "@/api/types";

/** Both or none: an operator whose function is refused is taken back. */
export async function storeFunction(fog: FogFunction, operator?: Operator) {
  if (operator) await post("/operator", [operator]);
  try {
    await post("/fogfunction", [fog]);
  } catch (refusal) {
    if (operator) await takeBack(operator.name, refusal);
    throw refusal;
  }
}

async function takeBack(name: string, reason: unknown) {
  try {
    await remove(`/operator/${segment(name)}`);
  } catch (error) {
    throw new Error(
      `${problemOf(reason)} The operator ${name} was made and is still there: ${problemOf(error)}`,
    );
  }
}
