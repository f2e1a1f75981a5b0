import type { Elsewhere } from "../diff/index.ts";
import { exposureOf, weigh } from "../tables/index.ts";

/**
 * Is what became possible on another host something that attackers look for, or a call beyond
 * Docker's default that is not ordinary?
 */
export function isDangerousElsewhere({ syscall, beyondCeiling }: Elsewhere): boolean {
  const { weight } = weigh(syscall);
  return weight === "dangerous" || (beyondCeiling && weight !== "ordinary");
}

/**
 * Is it nothing to look at? The same container on another machine makes an ordinary call that Docker's
 * default allows there.
 */
export function isOrdinaryElsewhere({ syscall, beyondCeiling, host }: Elsewhere): boolean {
  return !beyondCeiling && exposureOf(syscall) === undefined && host.added.length === 0;
}
