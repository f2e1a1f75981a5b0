export { mayBeJson, readTraces } from "./inputs.ts";
export { readUnpacked } from "./log-source.ts";
export { readInto } from "./reading.ts";
