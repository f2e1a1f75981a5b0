export { ensureTracer, type TracerBundle } from "./bundle.ts";
export { hearCrash } from "./crash.ts";
export { hostStrace } from "./host-strace.ts";
export { leftTraces } from "./left-traces.ts";
export { openTrace } from "./open-trace.ts";
export { setuidPrograms } from "./setuid.ts";
export { leavesOut, leavesOutConnections, straceSignal, traceAll, type Untraced } from "./strace-command.ts";
export { holderNeeds, straceNeeds } from "./strace-needs.ts";
export {
  readTrace,
  type Confinement,
  type EndOfRun,
  type Trace,
  type TraceEnd,
  type TraceLog,
  type TraceRequest,
  type TracerPlace,
  type WorkloadTrace,
} from "./trace.ts";
