import type { Recording } from "../recording/index.ts";
import { defaultErrno, sameAction, type Action, type Filter } from "../seccomp/index.ts";
import { compareVersions } from "../tables/index.ts";
import type { FloorChoice } from "./types.ts";

/** The first runc that leaves out rules which answer as the default does. Older ones refuse them. */
const firstThatSkips = "1.0.2";

/** Must the profile start under a runc that refuses answers equal to the default's? */
export function startsUnderOldRunc({ runs }: Recording, floor: FloorChoice): boolean {
  if (floor !== "any") return floor === "old-runc";
  return runs.some(({ versions }) => isOldRunc(versions.runtime));
}

/** Is a recording's `runtime` ("runc 1.0.1") a runc that refuses such rules? */
export function isOldRunc(runtime: string | undefined): boolean {
  const version = /^runc (\d+\.\d+\.\d+)/.exec(runtime ?? "")?.[1];
  return version !== undefined && compareVersions(version, firstThatSkips) < 0;
}

const eperm: Action = { action: "SCMP_ACT_ERRNO", errnoRet: defaultErrno };

/**
 * The same filter in a form that runc before 1.0.2 starts. The filter's default answers EPERM. Under such a runc it
 * does so whatever `defaultErrnoRet` says. No rule repeats that answer. A call that is denied with any arguments keeps
 * its answer, and runc's own stub answers ENOSYS to newer calls. The price is EPERM instead of ENOSYS in two cases:
 * values outside a pin, and, under crun, calls that libseccomp does not know. So other profiles have the other form.
 */
export function asOldRuncTakes(filter: Filter): Filter {
  return {
    ...filter,
    defaultAction: eperm,
    syscalls: new Map(
      [...filter.syscalls].flatMap(([name, rules]) => {
        const other = rules.filter(({ action }) => !sameAction(action, eperm));
        return other.length === 0 ? [] : [[name, other] as const];
      }),
    ),
  };
}
