import { jsonText } from "../text/index.ts";
import { isAllowing, type ArgCondition, type Rule } from "../seccomp/index.ts";
import { toAction } from "./action.ts";
import type { DockerArg, DockerProfile, DockerSyscallGroup } from "./types.ts";

/** A profile as Docker reads it. */
export function stringifyProfile({ syscalls, ...head }: DockerProfile): string {
  return jsonText({ ...head, syscalls: syscalls.map(({ oldSpelling: _oldSpelling, ...group }) => group) });
}

/**
 * The profile with more calls allowed. Its rules that deny these calls are dropped: libseccomp's own order decides
 * between rules with different actions, and some combinations keep the container from starting.
 */
export function withAllowed(profile: DockerProfile, more: ReadonlyMap<string, readonly Rule[]>): DockerProfile {
  if (more.size === 0) return profile;
  const whole = (name: string): boolean => more.get(name)?.some(({ conditions }) => conditions.length === 0) ?? false;
  const kept = profile.syscalls.flatMap((group): DockerSyscallGroup[] => {
    // The number of an answer does not matter here, so the architecture does not either.
    const allows = isAllowing(toAction(group.action, group.errnoRet, "SCMP_ARCH_X86_64"));
    const names = group.names.filter((name) => !more.has(name) || (allows && !whole(name)));
    return names.length === 0 ? [] : [{ ...group, names }];
  });
  const added = [...more].flatMap(([name, rules]) =>
    (whole(name) ? [{ conditions: [] }] : rules).map((rule): DockerSyscallGroup => ({
      names: [name],
      action: "SCMP_ACT_ALLOW",
      ...(rule.conditions.length === 0 ? {} : { args: rule.conditions.map(toDockerArg) }),
    })),
  );
  return { ...profile, syscalls: [...kept, ...added] };
}

/** In OCI's words, for SCMP_CMP_MASKED_EQ, `value` is the mask and `valueTwo` the datum. */
function toDockerArg(condition: ArgCondition): DockerArg {
  const { index, op, datum } = condition;
  return op === "SCMP_CMP_MASKED_EQ"
    ? { index, value: condition.mask, valueTwo: datum, op }
    : { index, value: datum, op };
}
