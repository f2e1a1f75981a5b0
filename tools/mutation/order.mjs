import { createHash } from "node:crypto";

/** Mutants in the order that a seed gives them. So the first N are a sample of all. */
export function inOrder(mutants, seed) {
  return mutants
    .map((mutant) => ({ mutant, at: createHash("sha256").update(`${seed} ${mutant.key}`).digest("hex") }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ mutant }) => mutant);
}
