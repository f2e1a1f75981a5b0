/** Runs a workload under its profile. If it fails, finds out why. */
export { recordingOf, type Addition } from "./additions.ts";
export { crashSignals, type Crash } from "./crashes.ts";
export type { Aftermath, Denial } from "./denials.ts";
export { diagnose, type Diagnosis, type Subject } from "./diagnose.ts";
export { harden, type Hardening, type HardeningFinding } from "./harden.ts";
export { watchFilters } from "./kernel-view.ts";
export { smallestPassing } from "./minimize.ts";
export { runUnder, type Proof, type Ran, type Verdict, type Workload } from "./run.ts";
