export { ensureTracer, type TracerBundle } from "./bundle.ts";
export {
  traceContainer,
  type Confinement,
  type TraceSink,
  type TracedEnd,
  type TracerPlace,
} from "./container-trace.ts";
export { traceOnHost } from "./host-trace.ts";
export { readLeftTraces } from "./left-traces.ts";
export { setuidPrograms } from "./setuid.ts";
export { leavesOut, leavesOutConnections, straceSignal, traceAll, type Untraced } from "./strace-command.ts";
export { holderNeeds, straceNeeds } from "./strace-needs.ts";
