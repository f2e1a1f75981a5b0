import type { Elsewhere } from "../diff/index.ts";
import { exposureOf, weigh } from "../tables/index.ts";

/**
 * Do attackers look for the call that became possible on another host? Also true for a call beyond Docker's default
 * that is not ordinary.
 */
export function isDangerousElsewhere({ syscall, beyondCeiling }: Elsewhere): boolean {
  const { weight } = weigh(syscall);
  return weight === "dangerous" || (beyondCeiling && weight !== "ordinary");
}

/**
 * Is the call nothing to look at? It is ordinary, and Docker's default allows it there. The other host differs only in
 * the machine, not in the container.
 */
export function isOrdinaryElsewhere({ syscall, beyondCeiling, host }: Elsewhere): boolean {
  return !beyondCeiling && exposureOf(syscall) === undefined && host.added.length === 0;
}
