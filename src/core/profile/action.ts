import { defaultErrno, type Action } from "../seccomp/index.ts";
import { errnoFrom, type ScmpArch } from "../tables/index.ts";

/**
 * The action that a profile names. If it has no errno, the runtimes use EPERM (runc getAction(), crun). `arch`: the
 * architecture whose error numbers the profile has.
 */
export function toAction(name: string, errnoRet: number | undefined, arch: ScmpArch): Action {
  switch (name) {
    // libseccomp's macros keep 16 bits.
    case "SCMP_ACT_ERRNO":
      return { action: name, errnoRet: errnoFrom(arch, (errnoRet ?? defaultErrno) & 0xffff) };
    case "SCMP_ACT_TRACE":
      return { action: name, errnoRet: (errnoRet ?? defaultErrno) & 0xffff };
    case "SCMP_ACT_KILL":
    case "SCMP_ACT_KILL_THREAD":
      return { action: "SCMP_ACT_KILL_THREAD" };
    case "SCMP_ACT_ALLOW":
    case "SCMP_ACT_LOG":
    case "SCMP_ACT_TRAP":
    case "SCMP_ACT_KILL_PROCESS":
    case "SCMP_ACT_NOTIFY":
      return { action: name };
    default:
      // The schema accepts no other name. A profile built by hand gets what an unknown action means to the kernel.
      return { action: "SCMP_ACT_KILL_PROCESS" };
  }
}
