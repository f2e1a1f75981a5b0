import type { Elsewhere } from "../diff/index.ts";
import { exposureOf } from "../tables/index.ts";

/** Is what became possible on another host something that attackers look for, or beyond Docker's default? */
export function isDangerousElsewhere({ syscall, beyondCeiling }: Elsewhere): boolean {
  return beyondCeiling || exposureOf(syscall)?.level === "danger";
}
