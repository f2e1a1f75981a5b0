import type { Filter } from "../seccomp/index.ts";
import { namesOnly } from "./names-only.ts";

/**
 * Lines of a firejail profile (firejail-profile(5)). Such a profile has only names of calls, no conditions. firejail
 * drops its own privileges and executes the program under the filter. Throws RangeError for a filter that allows by
 * default.
 */
export function emitFirejail(filter: Filter): { readonly text: string; readonly widened: readonly string[] } {
  const { allowed, conditional } = namesOnly(filter);
  return {
    text:
      "seccomp-error-action ENOSYS\nseccomp.keep " +
      `${[...new Set([...allowed, ...conditional, ...launching])].sort().join(",")}\n`,
    widened: conditional,
  };
}

/** The calls that firejail makes between its filter and the program (firejail src/firejail/sandbox.c). */
const launching: readonly string[] = ["execve", "prctl", "setresgid", "setresuid"];
