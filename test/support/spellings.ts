/** The three reactions of an engine to a document: no filter, a filter, or a refusal. */
export type Enforcement = "none" | "filter" | "refused";

const allow = '"defaultAction":"SCMP_ACT_ALLOW"';
const deny = '{"names":["chroot"],"action":"SCMP_ACT_ERRNO"}';
const profile = `{${allow},"syscalls":[${deny}]}`;
const archMap = '"archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":[]}],"syscalls":[]';
const args = (member: string): string =>
  `{${allow},"syscalls":[{"names":["chroot"],"action":"SCMP_ACT_ERRNO",${member}}]}`;

/**
 * Documents, and how engines react, read from /proc/1/status of a container: Docker 20.10.24 with runc 1.1.5, podman
 * 4.3.1 with crun 1.8.1, containerd 1.6.20 (ctr) with runc 1.1.5. All three agree on each document.
 * test/live/enforcement.test.ts asks the Docker engine again.
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
  // Docker 20.10.24 with runc 1.1.5 and podman 4.3.1 with crun 1.8.1 were asked about the others.
  ["a Kelvin sign in minKernel", args('"includes":{"min\u212aernel":"4.0"}'), "filter"],
  ["a long s in args", args('"arg\u017f":[{"index":0,"value":7,"op":"SCMP_CMP_EQ"}]'), "filter"],
  ["a dotless i", `{"defaultAct\u0131on":"SCMP_ACT_ALLOW"}`, "none"],
  ["a dotted capital I", `{"defaultAct\u0130on":"SCMP_ACT_ALLOW"}`, "none"],
  ["a wide letter", `{"\uff44efaultAction":"SCMP_ACT_ALLOW"}`, "none"],
  ["a space in a member", `{"defaultAction ":"SCMP_ACT_ALLOW"}`, "none"],
  ["a NUL in a member", `{"defaultAction\\u0000":"SCMP_ACT_ALLOW"}`, "none"],
  ["wrapped in seccomp", `{"seccomp":${profile}}`, "none"],
  ["wrapped in spec.profile", `{"spec":{"profile":${profile}}}`, "none"],
  ["wrapped twice", `{"linux":{"seccomp":{"linux":{"seccomp":${profile}}}}}`, "none"],
  ["wrapped in capitals", `{"Linux":{"Seccomp":${profile}}}`, "none"],
  ["a list of Kubernetes", `{"kind":"List","items":[{"spec":${profile}}]}`, "none"],
  ["as the text of a ConfigMap", `{"data":{"p.json":${JSON.stringify(profile)}}}`, "none"],
  ["a profile beside a wrapped one", `{${allow},"linux":{"seccomp":${profile}}}`, "filter"],
  ["a default in capitals, empty", `{${allow},"DEFAULTACTION":"","syscalls":[]}`, "none"],
  ["flags alone", '{"flags":["SECCOMP_FILTER_FLAG_LOG"]}', "none"],
  ["the default's errno alone", '{"defaultErrnoRet":1}', "none"],
  ["a default that is a number", '{"defaultAction":0,"syscalls":[]}', "refused"],
  ["a default with a space", `{"defaultAction":"SCMP_ACT_ALLOW ","syscalls":[${deny}]}`, "refused"],
  ["a minus before 0", args('"args":[{"index":0,"value":-0,"op":"SCMP_CMP_EQ"}]'), "refused"],
  ["a value in quotes", args('"args":[{"index":0,"value":"1","op":"SCMP_CMP_EQ"}]'), "refused"],
  ["an operator in no words", args('"args":[{"index":0,"value":1,"op":""}]'), "refused"],
  ["names that are a text", `{${allow},"syscalls":[{"names":"chroot","action":"SCMP_ACT_ERRNO"}]}`, "refused"],
  ["name and names", `{${allow},"syscalls":[{"name":"a","names":["b"],"action":"SCMP_ACT_ERRNO"}]}`, "refused"],
  ["a list and a map of architectures", `{${allow},"architectures":["SCMP_ARCH_X86"],${archMap}}`, "refused"],
  ["an errno of more than 32 bits", args('"errnoRet":99999999999999999999'), "refused"],
  ["a half pair of UTF-16", `{${allow},"x":"\\ud800","syscalls":[${deny}]}`, "filter"],
  ["a number beyond all", `{${allow},"x":1e999,"syscalls":[${deny}]}`, "filter"],
  ["a vertical tab behind it", `${profile}\u000b`, "refused"],
  ["a space without a break behind it", `${profile}\u00a0`, "refused"],
  ["a form feed before it", `\f${profile}`, "refused"],
  ["quotes of another kind", "{'defaultAction':'SCMP_ACT_ALLOW'}", "refused"],
  ["a zero before a number", args('"errnoRet":01'), "refused"],
  ["a number of base 16", args('"errnoRet":0x1'), "refused"],
  ["a comment within", `{${allow}, /* x */ "syscalls":[${deny}]}`, "refused"],
];

/** Documents that Docker and podman read differently: podman ignores kernels, and its crun wants a default. */
export const dockersSpellings: readonly (readonly [name: string, text: string, engines: Enforcement])[] = [
  [
    "no default, and groups for other machines only",
    `{"syscalls":[{"names":["chroot"],"action":"SCMP_ACT_ERRNO","includes":{"arches":["arm64"]}}]}`,
    "none",
  ],
  ["an empty kernel", args('"excludes":{"minKernel":""}'), "filter"],
  ["an empty name", `{${allow},"syscalls":[{"names":["","chroot"],"action":"SCMP_ACT_ERRNO"}]}`, "refused"],
  ["kernel 0.0", args('"includes":{"minKernel":"0.0"}'), "refused"],
  ["a kernel of 21 digits", args('"excludes":{"minKernel":"99999999999999999999.1"}'), "refused"],
  ["a kernel of three numbers", args('"includes":{"minKernel":"4.8.1"}'), "refused"],
  ["a kernel with a sign", args('"includes":{"minKernel":"+4.8"}'), "refused"],
];
