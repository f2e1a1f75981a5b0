/**
 * Reads the bytes of a program's ELF files and says which system calls its code can make, without running it.
 *
 *     const libc = analyzeObject(await readFile("libc.so.6"));        // cache it by build-id
 *     const { calls } = reachOf({ executable, objects: [{ name: "libc.so.6", summary: libc }] });
 */
export { analyzeObject } from "./analyze.ts";
export { reachOf } from "./reach.ts";
export { summaryFrom, summaryVersion } from "./stored-summary.ts";
export type * from "./types.ts";
