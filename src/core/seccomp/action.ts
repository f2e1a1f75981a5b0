import { errnoName } from "../tables/index.ts";
import type { Action } from "./types.ts";

/** The errno of a denying rule that names none: EPERM (runc, crun and moby agree). */
export const defaultErrno = 1;

/** ENOSYS of asm-generic/errno.h. Filters hold these numbers on every architecture. */
export const enosys = 38;

/**
 * libseccomp's answer to a call through an architecture that the filter does not name (SCMP_FLTATR_ACT_BADARCH,
 * seccomp_attr_set(3)).
 */
export const badArchAction: Action = { action: "SCMP_ACT_KILL_THREAD" };

/** The same answer, errno included. */
export function sameAction(a: Action, b: Action): boolean {
  return (
    a.action === b.action && ("errnoRet" in a ? a.errnoRet : undefined) === ("errnoRet" in b ? b.errnoRet : undefined)
  );
}

/**
 * May the call reach the kernel? TRACE and NOTIFY count too, because another process decides. Under TRACE, that may be
 * any process in the container that can ptrace (PTRACE_O_TRACESECCOMP, ptrace(2)). A ceiling must count such a call as
 * allowed.
 */
export function isAllowing({ action }: Action): boolean {
  switch (action) {
    case "SCMP_ACT_ALLOW":
    case "SCMP_ACT_LOG":
    case "SCMP_ACT_TRACE":
    case "SCMP_ACT_NOTIFY":
      return true;
    case "SCMP_ACT_ERRNO":
    case "SCMP_ACT_TRAP":
    case "SCMP_ACT_KILL_THREAD":
    case "SCMP_ACT_KILL_PROCESS":
      return false;
    default:
      return action satisfies never;
  }
}

/** An action in words: `allow`, `EPERM`, `errno 4000`, `kill process`, … */
export function formatAction(action: Action): string {
  switch (action.action) {
    case "SCMP_ACT_ALLOW":
      return "allow";
    case "SCMP_ACT_LOG":
      return "allow and log";
    case "SCMP_ACT_ERRNO":
      return errnoName(action.errnoRet) ?? `errno ${action.errnoRet & 0xffff}`;
    case "SCMP_ACT_TRACE":
      return `ask the tracer (${action.errnoRet})`;
    case "SCMP_ACT_NOTIFY":
      return "ask the agent";
    case "SCMP_ACT_TRAP":
      return "SIGSYS";
    case "SCMP_ACT_KILL_THREAD":
      return "kill thread";
    case "SCMP_ACT_KILL_PROCESS":
      return "kill process";
    default:
      return action satisfies never;
  }
}
