import type { ArgCondition, Rule } from "../seccomp/index.ts";
import { multiplexedNumber } from "../tables/index.ts";

/**
 * On some architectures, programs also reach a call through socketcall(2) or ipc(2). There libseccomp also adds a rule
 * for `socketcall` or `ipc`. That rule compares argument 0 with the number of the call, and drops the original rule's
 * conditions on argument 0. Conditions on the other arguments stay, although these arguments now hold something else
 * (abi_rule_add() in src/syscalls.c). So a pinned `socket` leaves `socketcall` open for every family.
 */
export function multiplexedRule(name: string, rule: Rule): Rule {
  const selector: ArgCondition = { index: 0, op: "SCMP_CMP_EQ", datum: BigInt(multiplexedNumber(name)) };
  return { conditions: [selector, ...rule.conditions.filter(({ index }) => index !== 0)] };
}
