import { inspectedArguments, valuesAt, type ArgTuple, type SyscallRecord } from "../recording/index.ts";
import type { ArgIndex } from "../seccomp/index.ts";
import { cloneFlagsIndex, type ScmpArch } from "../tables/index.ts";
import { argumentRows, type ArgumentRow } from "./argument-rows.ts";
import type { Pin, PinContext, Unpinned } from "./pin.ts";
import type { ArgTier } from "./types.ts";

/** The strictest row of the tier. */
function rowFor(syscall: string, tier: ArgTier): ArgumentRow | undefined {
  return tier === "none"
    ? undefined
    : argumentRows.findLast((row) => row.syscalls.includes(syscall) && (row.tier === "standard" || tier === "strict"));
}

/**
 * On these architectures mmap takes one pointer to its arguments (mmap(2): old_mmap; s390: sys_old_mmap). So the filter
 * cannot see the protection.
 */
const mmapByPointer: ReadonlySet<ScmpArch> = new Set<ScmpArch>([
  "SCMP_ARCH_X86",
  "SCMP_ARCH_S390",
  "SCMP_ARCH_S390X",
  "SCMP_ARCH_M68K",
]);

/**
 * The tier's pin for a call with these observed values. If the tier could pin the call but does not, the reason.
 * `undefined` if the tier does not pin it.
 */
export function pinFor(
  syscall: string,
  record: SyscallRecord | undefined,
  context: PinContext,
): Pin | Unpinned | undefined {
  const row = rowFor(syscall, context.tier);
  if (row === undefined) return undefined;
  if (syscall === "mmap" && mmapByPointer.has(context.arch)) return undefined;
  if (row.arches?.includes(context.arch) === false) return undefined;
  const indices = syscall === "clone" ? [cloneFlagsIndex(context.arch)] : row.indices;
  const values = valuesOf(record, indices, inspectedArguments(context.arch, syscall) !== undefined);
  if (values === "many") return { unpinned: "it had too many different values, or its log has no arguments" };
  if (values.some(([first]) => first === null)) return { unpinned: "an argument could not be read" };
  const pin = row.pin(values, context, syscall);
  // A call that was not observed has no values for a pin, unless the row itself gives them.
  return "allow" in pin && pin.allow.length + (pin.also ?? []).length === 0 ? undefined : pin;
}

/** The recorded values of these arguments. Some calls of older recordings have none. */
function valuesOf(
  record: SyscallRecord | undefined,
  indices: readonly ArgIndex[],
  inspected: boolean,
): readonly ArgTuple[] | "many" {
  if (record === undefined || !inspected) return [];
  if (record.args === undefined || record.args.values === "many") return "many";
  return valuesAt(record.args, indices);
}
