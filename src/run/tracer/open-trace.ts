import { openContainerTrace } from "./container-trace.ts";
import { openHostTrace } from "./host-trace.ts";
import type { TraceRequest, WorkloadTrace } from "./trace.ts";

/**
 * Starts a workload under strace. Throws where it cannot be begun: no strace, no engine, no space.
 */
export function openTrace(request: TraceRequest): Promise<WorkloadTrace> {
  return request.on === "host" ? openHostTrace(request) : openContainerTrace(request);
}
