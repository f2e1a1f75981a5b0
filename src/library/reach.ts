import { reachOf as reach, type Reach as ReachResult, type ReachInput } from "../reach/index.ts";
import { plain, type Plain } from "./plain.ts";

/**
 * Which system calls the code of a program can make: from the bytes of its ELF files, without
 * running anything.
 *
 *     const libc = analyzeObject(await readFile("libc.so.6"));        // cache it by build-id
 *     const { calls } = reachOf({ executable, objects: [{ name: "libc.so.6", summary: libc }] });
 */
export { analyzeObject, type ObjectSummary, type ReachInput } from "../reach/index.ts";

/** What a program's code can make. `calls`: by libseccomp's name, with the way that leads there. */
export type Reach = Plain<ReachResult>;

/** Joins the summaries of a program and its objects. */
export function reachOf(input: ReachInput): Reach {
  return plain(reach(input));
}
