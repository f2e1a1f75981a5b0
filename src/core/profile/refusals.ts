import type { Action } from "../seccomp/index.ts";
import { isBigEndian, isSyscallName, type ScmpArch } from "../tables/index.ts";
import type { DockerProfile, DockerSyscallGroup, HostContext } from "./types.ts";

/** libseccomp accepts only errnos below this one (its src/system.c, MAX_ERRNO). It gets 16 bits from the runtimes. */
const firstRefusedErrno = 4095;

/** The flags of seccomp(2) that the OCI runtime-spec has. */
const knownFlags: readonly string[] = [
  "SECCOMP_FILTER_FLAG_TSYNC",
  "SECCOMP_FILTER_FLAG_LOG",
  "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
  "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
];

interface Refusal {
  readonly pointer: string;
  readonly reason: string;
}

/**
 * What the runtime or libseccomp refuses in a profile, apart from conflicting rules. Measured on runc 1.1.5 and crun
 * 1.8.1 with libseccomp 2.5.4.
 */
export function refusals(
  profile: DockerProfile,
  groups: readonly {
    readonly pointer: string;
    readonly group: DockerSyscallGroup;
    readonly action: Action;
    readonly skipped: boolean;
  }[],
  defaultAction: Action,
  arches: readonly ScmpArch[],
  { arch, runtime, refusesDefaultsAnswer, ignoresDefaultErrnoRet }: HostContext,
): readonly Refusal[] {
  const dropped = ignoresDefaultErrnoRet === true ? ", which Docker before 23 drops" : "";
  const strange = arches.find((other) => isBigEndian(other) !== isBigEndian(arch));
  return [
    ...(defaultAction.action === "SCMP_ACT_NOTIFY"
      ? [{ pointer: "/defaultAction", reason: "SCMP_ACT_NOTIFY cannot be the default action" }]
      : []),
    ...(hasRefusedErrno(defaultAction)
      ? [{ pointer: "/defaultErrnoRet", reason: tooLarge(defaultAction.errnoRet) }]
      : []),
    ...(strange === undefined
      ? []
      : [
          {
            pointer: "/architectures",
            reason: `one filter cannot have architectures of both byte orders: ${strange} beside ${arch}`,
          },
        ]),
    ...(profile.flags ?? []).flatMap((flag, at): Refusal[] =>
      knownFlags.includes(flag) ? [] : [{ pointer: `/flags/${at}`, reason: `${runtime} knows no flag ${flag}` }],
    ),
    ...groups
      .filter(({ group }) => group.names.length > 0)
      .flatMap(({ pointer, group, action, skipped }): Refusal[] => [
        ...(action.action === "SCMP_ACT_NOTIFY" &&
        runtime === "runc" &&
        ((profile.listenerPath ?? "") === "" || ignoresDefaultErrnoRet === true)
          ? [
              {
                pointer: `${pointer}/action`,
                reason: `runc accepts SCMP_ACT_NOTIFY only with a listenerPath${dropped}`,
              },
            ]
          : []),
        ...(action.action === "SCMP_ACT_NOTIFY" && runtime === "runc" && group.names.includes("write")
          ? [
              {
                pointer: `${pointer}/action`,
                reason: "runc does not accept SCMP_ACT_NOTIFY for write, which " + "it calls itself",
              },
            ]
          : []),
        ...(!skipped && hasRefusedErrno(action)
          ? [{ pointer: `${pointer}/errnoRet`, reason: tooLarge(action.errnoRet) }]
          : []),
        ...(skipped && refusesDefaultsAnswer === true && group.names.some(isSyscallName)
          ? [{ pointer, reason: "runc before 1.0.2 takes no rule that answers as the default action does" }]
          : []),
        ...(runtime === "crun" && group.errnoRet !== undefined && !("errnoRet" in action)
          ? [{ pointer: `${pointer}/errnoRet`, reason: `crun does not accept errnoRet with ${group.action}` }]
          : []),
      ]),
  ];
}

function hasRefusedErrno(action: Action): action is Extract<Action, { errnoRet: number }> {
  return action.action === "SCMP_ACT_ERRNO" && (action.errnoRet & 0xffff) >= firstRefusedErrno;
}

function tooLarge(errnoRet: number): string {
  return `libseccomp accepts errnos up to ${firstRefusedErrno - 1}, not ${errnoRet}`;
}
