import { jsonText } from "../text/index.ts";
import type { DockerProfile } from "../profile/index.ts";
import type { ScmpArch } from "../tables/index.ts";

/** A profile as one host reads it: the groups that apply there, and its architectures. */
export interface AppliedProfile {
  readonly profile: DockerProfile;
  readonly arches: readonly ScmpArch[];
  /** The profile's name. */
  readonly name: string;
  /** The profile's path, as seen from where the output is used. */
  readonly file: string;
}

/**
 * The seccomp object of the OCI runtime-spec (`linux.seccomp`), which podman, CRI-O, containerd (ctr --seccomp-profile,
 * nerdctl) and the runtimes read. It has no comments and no conditions on the host.
 */
export function ociSeccomp({ profile, arches }: AppliedProfile): OciSeccomp {
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures: arches,
    syscalls: profile.syscalls.map(({ names, action, errnoRet, args }) => ({
      names,
      action,
      ...(errnoRet === undefined ? {} : { errnoRet }),
      ...(args === undefined || args.length === 0
        ? {}
        : {
            args: args.map(({ index, value, valueTwo, op }) => ({
              index,
              value,
              ...(valueTwo === undefined ? {} : { valueTwo }),
              op,
            })),
          }),
    })),
  };
}

export interface OciSeccomp {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly {
    readonly names: readonly string[];
    readonly action: string;
    readonly errnoRet?: number;
    readonly args?: readonly {
      readonly index: number;
      readonly value: bigint;
      readonly valueTwo?: bigint;
      readonly op: string;
    }[];
  }[];
}

/** The profile as an OCI `linux.seccomp` document. */
export function emitOci(applied: AppliedProfile): string {
  return jsonText(ociSeccomp(applied));
}
