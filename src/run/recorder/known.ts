import { arch as machine } from "node:os";
import { heldAnyway } from "../../core/policy/index.ts";
import { fullyKnown, type Recording } from "../../core/recording/index.ts";
import { nativeArch } from "../../core/tables/index.ts";
import { traceAll, type Untraced } from "../tracer/index.ts";
import type { RecordOptions } from "./recorded.ts";

/**
 * Calls that need no tracing because `base` already has them. `lean` adds this machine's native calls that every
 * profile allows.
 */
export function whatIsKnown(base: Recording | undefined, { lean, deny }: RecordOptions): Untraced {
  const known = base === undefined ? traceAll.calls : fullyKnown(base);
  const arch = nativeArch(machine()) ?? "SCMP_ARCH_X86_64";
  const leanCalls = (): readonly string[] => [...(known.get(arch) ?? []), ...heldAnyway(arch, deny)];
  const calls = lean ? new Map([...known, [arch, [...new Set(leanCalls())].sort()]]) : known;
  return { calls };
}
