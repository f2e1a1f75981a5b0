import { withAllowed, type DockerProfile } from "../../core/profile/index.ts";
import { errnoOn, type ScmpArch } from "../../core/tables/index.ts";
import { allowsSome, answersOf, type Action, type Filter, type Rule } from "../../core/seccomp/index.ts";

/** strace shows this many characters of a string. That is enough for an error message. */
const stringLength = "160";

/**
 * The calls that the holder makes before it starts the program (hold.c). They start a static glibc program
 * (csu/libc-start.c), find the program's file, and talk to the keeper.
 */
const holderNeeds: readonly string[] = [
  ...[
    "execve",
    "brk",
    "arch_prctl",
    "set_tid_address",
    "set_robust_list",
    "rseq",
    "prlimit64",
    "getrandom",
    "mprotect",
  ],
  ...["readlink", "readlinkat", "uname", "stat", "newfstatat", "access", "faccessat", "faccessat2"],
  ...["setsockopt", "connect", "sendto", "recvfrom", "exit_group"],
];

/** The holder talks to the keeper through a Unix socket. */
const unixSocket: Rule = { conditions: [{ index: 0, op: "SCMP_CMP_EQ", datum: 1n }] };

/**
 * A profile under which the holder can run. The options make strace deny the calls that the profile allows only for the
 * holder.
 */
export interface Confined {
  readonly profile: DockerProfile;
  readonly strace: readonly string[];
}

/**
 * The workload is traced under its profile, to which the holder's calls are added. From the moment the program is
 * released, strace denies those of the added calls that the workload's profile denies (`-e inject`, strace(1)). So a
 * call that its profile denies gives the workload the same errno, and the workload goes on as it would without strace.
 * There is an exception. If the profile allows only other sockets, the workload may also make a Unix socket while it is
 * traced.
 */
export function confine(profile: DockerProfile, filter: Filter): Confined {
  const denied = holderNeeds.filter((name) => isDenied(filter, name));
  const sockets = isDenied(filter, "socket") ? ["socket"] : [];
  const allowed = new Map<string, readonly Rule[]>(denied.map((name) => [name, [{ conditions: [] }]]));
  return {
    profile: withAllowed(profile, new Map([...allowed, ["socket", [unixSocket]]])),
    strace: [
      ...["-s", stringLength],
      ...(survivesInjection(filter)
        ? injections([...denied.filter((name) => name !== "execve"), ...sockets], filter)
        : []),
    ],
  };
}

function isDenied(filter: Filter, name: string): boolean {
  return !allowsSome(filter, name);
}

/**
 * strace denies a call by changing its number to -1, and the kernel asks the filter about that number. A profile that
 * kills what it does not name would kill the program. Under such a profile these calls are allowed while tracing, and a
 * run without strace finds them.
 */
function survivesInjection({ defaultAction }: Filter): boolean {
  return !/KILL|TRAP/.test(defaultAction.action);
}

/**
 * If strace 6.1 denies mmap, strace stays busy without end. So mmap is allowed while tracing, and a run without strace
 * finds it.
 */
const neverInjected: ReadonlySet<string> = new Set(["mmap"]);

function injections(names: readonly string[], filter: Filter): readonly string[] {
  const byFault = new Map<string, string[]>();
  for (const name of names.filter((candidate) => !neverInjected.has(candidate))) {
    const [answer] = answersOf(filter, name);
    if (answer === undefined) continue;
    const fault = faultOf(answer, filter.arch);
    byFault.set(fault, [...(byFault.get(fault) ?? []), `?${name}`]);
  }
  return [...byFault].flatMap(([fault, some]) => ["-e", `inject=${some.join(",")}:${fault}`]);
}

/** To the program, an action that kills or traps is a SIGSYS. */
function faultOf(action: Action, arch: ScmpArch): string {
  return "errnoRet" in action ? `error=${Math.max(errnoOn(arch, action.errnoRet), 1)}` : "error=ENOSYS:signal=SIGSYS";
}
