/**
 * The actions of seccomp(2), as profiles spell them. SCMP_ACT_KILL is the old name of KILL_THREAD (seccomp.h of
 * libseccomp).
 */
export const actionNames = [
  "SCMP_ACT_ALLOW",
  "SCMP_ACT_LOG",
  "SCMP_ACT_ERRNO",
  "SCMP_ACT_TRACE",
  "SCMP_ACT_TRAP",
  "SCMP_ACT_KILL",
  "SCMP_ACT_KILL_THREAD",
  "SCMP_ACT_KILL_PROCESS",
  "SCMP_ACT_NOTIFY",
] as const;

/** The comparisons of seccomp_rule_add(3). */
export const operatorNames = [
  "SCMP_CMP_NE",
  "SCMP_CMP_LT",
  "SCMP_CMP_LE",
  "SCMP_CMP_EQ",
  "SCMP_CMP_GE",
  "SCMP_CMP_GT",
  "SCMP_CMP_MASKED_EQ",
] as const;

const action = { enum: actionNames };
const names = { type: "array", items: { type: "string", minLength: 1 } };
const errnoRet = { type: "integer", minimum: 0, maximum: 0xffff };
const errnoName = { type: "string", minLength: 1 };
/** Two numbers of 64 bits. At least one is not 0 (moby's profiles/seccomp/kernel_linux.go). */
const kernelVersion = "^$|^(?!0+\\.0+$)[0-9]{1,19}\\.[0-9]{1,19}$";
const condition = {
  type: "object",
  properties: { caps: names, arches: names, minKernel: { type: "string", pattern: kernelVersion } },
};
const uint64 = { type: "integer", minimum: 0 };
const arg = {
  type: "object",
  required: ["index", "op"],
  properties: {
    index: { type: "integer", minimum: 0, maximum: 5 },
    value: uint64,
    valueTwo: uint64,
    op: { enum: operatorNames },
  },
};
const group = {
  type: "object",
  required: ["action"],
  properties: {
    name: { type: "string" },
    names,
    action,
    errnoRet,
    errno: errnoName,
    args: { type: "array", items: arg },
    comment: { type: "string" },
    includes: condition,
    excludes: condition,
  },
  anyOf: [{ required: ["name"] }, { required: ["names"] }],
};

/**
 * The form of a profile: moby/profiles/seccomp (Seccomp, Syscall, Filter), the OCI runtime-spec's `linux.seccomp`, and
 * containers-common's `errno` names. Other members are accepted, because engines ignore them too.
 */
export const profileSchema = {
  type: "object",
  required: ["defaultAction"],
  properties: {
    defaultAction: action,
    defaultErrnoRet: errnoRet,
    defaultErrno: errnoName,
    architectures: names,
    flags: { type: "array", items: { type: "string" } },
    listenerPath: { type: "string" },
    listenerMetadata: { type: "string" },
    archMap: {
      type: "array",
      items: {
        type: "object",
        required: ["architecture"],
        properties: { architecture: { type: "string" }, subArchitectures: names },
      },
    },
    syscalls: { type: "array", items: group },
  },
} as const;
