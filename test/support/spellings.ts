/** What the engines do with a document: run without any filter, run under one, or refuse it. */
export type Enforcement = "none" | "filter" | "refused";

const allow = '"defaultAction":"SCMP_ACT_ALLOW"';
const deny = '{"names":["chroot"],"action":"SCMP_ACT_ERRNO"}';
const profile = `{${allow},"syscalls":[${deny}]}`;
const args = (member: string): string =>
  `{${allow},"syscalls":[{"names":["chroot"],"action":"SCMP_ACT_ERRNO",${member}}]}`;

/**
 * Documents and what engines do with them, read from /proc/1/status of a container: Docker
 * 20.10.24 with runc 1.1.5, podman 4.3.1 with crun 1.8.1, containerd 1.6.20 (ctr) with runc 1.1.5.
 * All three agree on each. test/live/enforcement.test.ts asks the Docker engine again.
 */
export const spellings: readonly (readonly [name: string, text: string, engines: Enforcement])[] = [
  ["a profile", profile, "filter"],
  ["an empty object", "{}", "none"],
  ["null", "null", "none"],
  ["a list", "[]", "refused"],
  ["a list around a profile", `[${profile}]`, "refused"],
  ["a string", '"x"', "refused"],
  ["a number", "1", "refused"],
  ["nothing", "", "refused"],
  ["wrapped in linux.seccomp", `{"linux":{"seccomp":${profile}}}`, "none"],
  ["a runtime's config", `{"ociVersion":"1.0.2","linux":{"seccomp":${profile}}}`, "none"],
  ["wrapped, in escapes", `{"l\\u0069nux":{"seccomp":${profile}}}`, "none"],
  ["wrapped in spec", `{"spec":${profile}}`, "none"],
  ["a SeccompProfile of Kubernetes", `{"apiVersion":"v1beta1","kind":"SeccompProfile","spec":${profile}}`, "none"],
  ["wrapped in another member", `{"profile":${profile}}`, "none"],
  ["wrapped in __proto__", `{"__proto__":${profile}}`, "none"],
  [
    "members in capitals",
    `{"DefaultAction":"SCMP_ACT_ALLOW","SYSCALLS":[{"Names":["chroot"],"ACTION":"SCMP_ACT_ERRNO"}]}`,
    "filter",
  ],
  ["members in small letters", `{"defaultaction":"SCMP_ACT_ALLOW","syscalls":[]}`, "filter"],
  ["a long s", `{${allow},"\u017fyscalls":[${deny}]}`, "filter"],
  ["a long s, and no default", '{"\u017fyscalls":[]}', "none"],
  ["a member in escapes", `{"default\\u0041ction":"SCMP_ACT_ALLOW","syscalls":[${deny}]}`, "filter"],
  ["a default that is no text at all", '{"defaultAction":"","syscalls":[]}', "none"],
  ["a default that is null", '{"defaultAction":null,"syscalls":null}', "none"],
  ["no default, no groups", '{"syscalls":[]}', "none"],
  ["no default, but groups", `{"syscalls":[${deny}]}`, "refused"],
  ["an empty default, but groups", `{"defaultAction":"","syscalls":[${deny}]}`, "refused"],
  ["architectures alone", '{"architectures":["SCMP_ARCH_X86_64"]}', "none"],
  ["a map of architectures alone", '{"archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":[]}]}', "none"],
  ["a default alone", `{${allow}}`, "filter"],
  ["a default twice, the last empty", `{${allow},"defaultAction":"","syscalls":[]}`, "none"],
  ["a default twice, the first empty", `{"defaultAction":"",${allow},"syscalls":[${deny}]}`, "filter"],
  ["a default twice, the last null", `{${allow},"defaultAction":null,"syscalls":[${deny}]}`, "filter"],
  ["groups twice", `{${allow},"syscalls":[${deny}],"syscalls":[]}`, "filter"],
  ["groups twice, in two spellings", `{${allow},"syscalls":[${deny}],"Syscalls":[]}`, "filter"],
  ["a byte order mark", `\uFEFF${profile}`, "refused"],
  ["a NUL behind it", `${profile}\0`, "refused"],
  ["two documents", `${profile}{}`, "refused"],
  ["a comma too many", `{${allow},}`, "refused"],
  ["a comment", `// profile\n${profile}`, "refused"],
  ["10,001 levels", `{"x":${"[".repeat(10_001)}${"]".repeat(10_001)},${allow}}`, "refused"],
  ["9,990 levels", `{"x":${"[".repeat(9990)}${"]".repeat(9990)},${allow}}`, "filter"],
  ["an exponent", args('"errnoRet":1e1'), "refused"],
  ["a point", args('"errnoRet":1.0'), "refused"],
  ["a minus", args('"errnoRet":-1'), "refused"],
  ["65 bits", args('"args":[{"index":0,"value":18446744073709551616,"op":"SCMP_CMP_EQ"}]'), "refused"],
  ["groups that are an object", `{${allow},"syscalls":{}}`, "refused"],
  ["an unknown action", '{"defaultAction":"SCMP_ACT_NO"}', "refused"],
  ["an action in small letters", '{"defaultAction":"scmp_act_errno"}', "refused"],
];
