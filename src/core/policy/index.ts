/** Recording → Filter: opinions as tables, a reason on each row. docs/policy.md explains them. */
export { argumentRows } from "./argument-rows.ts";
export { writeAssumptions } from "./assumptions.ts";
export { buildPolicy } from "./build-policy.ts";
export { complain } from "./complain.ts";
export { codeCalls, howWords, weightyCodeCalls } from "./code.ts";
export { companionRows, twinRows } from "./companion-rows.ts";
export { heldAnyway } from "./held-anyway.ts";
export { floorAttempts, floorFor, floorRows, neededToStart } from "./floor.ts";
export { isOldRunc } from "./old-runc.ts";
export { missingFloor } from "./missing-floor.ts";
export { neverEperm, probeRows } from "./probes.ts";
export { readReason, reasonOf, writeReason, type Limit, type Reason } from "./reason.ts";
export { ordinaryForms } from "./ordinary-forms.ts";
export { rareRows } from "./rare-calls.ts";
export { startedRows } from "./started-programs.ts";
export { compilerAmong, compilerRows } from "./runtimes.ts";
export type * from "./types.ts";
export { namespaceFlags } from "./pin-clone.ts";
