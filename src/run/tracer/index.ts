export { hearCrash } from "./crash.ts";
export { hostStrace } from "./host-strace.ts";
export { openTrace } from "./host-trace.ts";
export { leavesOutConnections, straceSignal, traceAll, type Untraced } from "./strace-command.ts";
export {
  readTrace,
  type EndOfRun,
  type Trace,
  type TraceEnd,
  type TraceLog,
  type TraceRequest,
  type WorkloadTrace,
} from "./trace.ts";
