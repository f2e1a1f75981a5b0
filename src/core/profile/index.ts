/**
 * The profile document: read it (any format in use), resolve it for a host into filters, find
 * Docker's own defaults.
 */
export { ceilingFor } from "./ceiling.ts";
export { boundingSet } from "./bounding-set.ts";
export { groupApplies } from "./applies.ts";
export { toAction } from "./action.ts";
export { toRules } from "./rules.ts";
export { offsetOf, positionAt, type Position } from "./position.ts";
export { readEmitted } from "./document.ts";
export { parseDocument } from "./json.ts";
export { groupsByCall, hostsOfCall, machinesOf } from "./hosts.ts";
export { noFilterText, runsWithoutFilter } from "./enforcement.ts";
export { folded } from "./members.ts";
export { profileFrom, readProfile } from "./read.ts";
export { reject, type Origin } from "./reject.ts";
export { resolve } from "./resolve.ts";
export { listedHosts, machineOf, resolveFor } from "./resolve-for.ts";
export { stringifyProfile, withAllowed } from "./write.ts";
export { callInsteadOf, nearest, nearestCall } from "./suggestion.ts";
export type * from "./types.ts";
export { readShipped } from "./document.ts";
export { valueEnd } from "./position.ts";
