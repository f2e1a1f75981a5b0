import type { ArgCondition, Rule } from "../seccomp/index.ts";
import { multiplexedNumber } from "../tables/index.ts";

/**
 * Some architectures also reach a call through socketcall(2) or ipc(2). There libseccomp adds the rule to that call as
 * well. Argument 0 becomes the number of the call, whatever the rule asked about its own argument 0. Conditions on the
 * other arguments stay, although these arguments now hold something else (abi_rule_add() in src/syscalls.c). So a
 * pinned `socket` leaves `socketcall` open for every family.
 */
export function multiplexedRule(name: string, rule: Rule): Rule {
  const selector: ArgCondition = { index: 0, op: "SCMP_CMP_EQ", datum: BigInt(multiplexedNumber(name)) };
  return { conditions: [selector, ...rule.conditions.filter(({ index }) => index !== 0)] };
}
