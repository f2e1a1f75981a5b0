/** Runs a workload under its profile, and where it fails finds out why. */
export { recordingOf } from "./additions.ts";
export type { Addition } from "./additions.ts";
export type { Aftermath, Denial } from "./denials.ts";
export { diagnose } from "./diagnose.ts";
export type { Diagnosis, Subject } from "./diagnose.ts";
export { harden } from "./harden.ts";
export type { Hardening, HardeningFinding } from "./harden.ts";
export { smallestPassing } from "./minimize.ts";
export { runUnder } from "./run.ts";
export type { Proof, Verdict } from "./run.ts";
