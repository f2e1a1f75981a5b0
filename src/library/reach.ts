import { reachOf as reach, type Reach as ReachResult, type ReachInput } from "../reach/index.ts";
import { plain, type Plain } from "./plain.ts";

/**
 * Reads the bytes of a program's ELF files and says which system calls its code can make, without running it.
 *
 *     const libc = analyzeObject(await readFile("libc.so.6"));        // cache it by build-id
 *     const { calls } = reachOf({ executable, objects: [{ name: "libc.so.6", summary: libc }] });
 */
export { analyzeObject, type ObjectSummary, type ReachInput } from "../reach/index.ts";

/** What a program's code can make. `calls` has libseccomp's names, each with the way to the call. */
export type Reach = Plain<ReachResult>;

/** Joins the summaries of a program and its objects. */
export function reachOf(input: ReachInput): Reach {
  return plain(reach(input));
}
