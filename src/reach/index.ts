/**
 * Which system calls the code of a program can make: from the bytes of its ELF files, without
 * running anything.
 *
 *     const libc = analyzeObject(await readFile("libc.so.6"));        // cache it by build-id
 *     const { calls } = reachOf({ executable, objects: [{ name: "libc.so.6", summary: libc }] });
 */
export { analyzeObject } from "./analyze.ts";
export { reachOf } from "./reach.ts";
export { summaryFrom, summaryVersion } from "./stored-summary.ts";
export type * from "./types.ts";
