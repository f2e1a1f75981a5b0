import type { Rule } from "../seccomp/index.ts";
import { describeValue, type ScmpArch } from "../tables/index.ts";
import { isOpenedByCode } from "./constants-in-code.ts";
import { noneOf } from "./none-of.ts";
import { formsOf } from "./pin-rooms.ts";
import { ascending, equals32, errno, ruleOf, type Pinner } from "./pin.ts";

/** The architectures whose ioctls have the numbers of asm-generic/ioctls.h. */
const genericIoctls: ReadonlySet<ScmpArch> = new Set<ScmpArch>([
  "SCMP_ARCH_X86_64",
  "SCMP_ARCH_X86",
  "SCMP_ARCH_X32",
  "SCMP_ARCH_ARM",
  "SCMP_ARCH_AARCH64",
  "SCMP_ARCH_S390",
  "SCMP_ARCH_S390X",
  "SCMP_ARCH_RISCV64",
  "SCMP_ARCH_LOONGARCH64",
]);

/**
 * Allows all requests except those that stay closed (operations.ts). "Not equal" on 32 bits needs a rule for each bit
 * that may differ, because there is no "not equal under a mask". Only the lower 16 bits are compared: the request's
 * type and number. That halves the rules. A seen request may have the same 16 bits as a closed one
 * (SNDRV_TIMER_IOCTL_PARAMS). Its own rule allows it.
 */
export const pinRequests: Pinner = (values, context, syscall) => {
  if (!genericIoctls.has(context.arch))
    return { unpinned: "the requests of terminals have other numbers on this architecture" };
  const seen = new Set(values.map(([request]) => (request ?? 0n) & 0xffff_ffffn));
  const closed = formsOf(syscall, context.arch)
    .map(({ operation, form }) => ({ operation, form, request: BigInt(form.args?.[0]?.value ?? 0) }))
    .filter(({ operation, form, request }) => !seen.has(request) && !isOpenedByCode(context, syscall, operation, form));
  const denied = closed.map(({ request }) => request).sort(ascending);
  if (denied.length === 0) return { unpinned: "all that a pin would deny was seen" };
  const same = [...seen].filter((request) => denied.includes(request & 0xffffn)).sort(ascending);
  const taken = new Set(same.map((request) => request & 0xffffn));
  return {
    words: `any request but ${denied.map((request) => describeValue("ioctl", 1, request)).join(", ")}`,
    allow: [...noneOf(1, 16, denied), ...same.map((request): Rule => ({ conditions: [equals32(1, request)] }))],
    answers: closed
      .filter(({ request }) => !taken.has(request))
      .map(({ operation: { answer, source }, form }) => ({
        action: errno(answer.errno),
        rule: ruleOf(form),
        reason: `not seen: ${answer.then}`,
        source,
      })),
  };
};
