import { profileFrom, type DockerProfile, type Json, type Origin, type UnknownMember } from "../profile/index.ts";

type Members = { readonly [name: string]: Json };

/**
 * The members of a SeccompProfile's spec that the security-profiles-operator reads
 * (api/seccompprofile/v1beta1/seccompprofile_types.go). Kubernetes drops all others. It tells capitals from small
 * letters.
 */
const known = {
  spec: [
    "baseProfileName",
    "defaultAction",
    "architectures",
    "listenerPath",
    "listenerMetadata",
    "syscalls",
    "flags",
    "disabled",
  ],
  syscalls: ["names", "action", "errnoRet", "args"],
  args: ["index", "value", "valueTwo", "op"],
} as const;

/** Is it a SeccompProfile of the operator, of any version? */
export function isSecurityProfile({ apiVersion, kind }: Members): boolean {
  return (
    kind === "SeccompProfile" &&
    typeof apiVersion === "string" &&
    apiVersion.startsWith("security-profiles-operator.x-k8s.io/")
  );
}

/**
 * A SeccompProfile's spec as the operator gives it to the container runtime. `origin` gives the places of pointers
 * within the spec.
 */
export function operatorProfile(spec: Json, origin: Origin): DockerProfile {
  const left: UnknownMember[] = [];
  const only = (value: Json, names: readonly string[], pointer: string): Json => {
    if (!isMembers(value)) return value;
    for (const name of Object.keys(value))
      if (!names.includes(name)) left.push({ pointer: `${pointer}/${name}`, name, meant: undefined });
    return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)));
  };
  const each = (list: Json, pointer: string, change: (item: Json, at: string) => Json): Json =>
    Array.isArray(list) ? (list as readonly Json[]).map((item, at) => change(item, `${pointer}/${at}`)) : list;
  const members = only(spec, known.spec, "");
  const document = !isMembers(members)
    ? members
    : {
        ...members,
        baseProfileName: undefined,
        disabled: undefined,
        syscalls: each(members["syscalls"], "/syscalls", (group, at) => {
          const own = only(group, known.syscalls, at);
          return !isMembers(own)
            ? own
            : withoutAbsent({
                ...own,
                errnoRet: numberOf(own["errnoRet"]),
                args: each(own["args"], `${at}/args`, (arg, place) => only(arg, known.args, place)),
              });
        }),
      };
  const profile = profileFrom(isMembers(document) ? withoutAbsent(document) : (document ?? {}), origin);
  const base = isMembers(members) ? members["baseProfileName"] : undefined;
  const unknownMembers = [...(profile.unknownMembers ?? []), ...left].slice(0, 100);
  return {
    ...profile,
    ...(typeof base === "string" && base !== "" ? { baseProfileName: base } : {}),
    ...(unknownMembers.length === 0 ? {} : { unknownMembers }),
  };
}

/** Older versions of the operator have a text here; newer ones have a number. */
function numberOf(errnoRet: Json): Json {
  return typeof errnoRet === "string" && /^\d{1,5}$/.test(errnoRet) ? Number(errnoRet) : errnoRet;
}

function withoutAbsent(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function isMembers(value: Json): value is Members {
  return value !== undefined && value !== null && typeof value === "object" && !Array.isArray(value);
}
