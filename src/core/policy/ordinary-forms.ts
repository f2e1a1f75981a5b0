import type { ProgramFiles } from "../recording/index.ts";
import type { Rule } from "../seccomp/index.ts";
import { cloneFlagsIndex, type ScmpArch } from "../tables/index.ts";
import { equals32, namespaceFlags } from "./arguments.ts";

/** A weighty call that is ordinary with certain arguments. */
export interface OrdinaryForm {
  readonly syscall: string;
  readonly rule: (arch: ScmpArch) => Rule;
  /**
   * Only if an object of the program imports one of these functions, which pass these arguments.
   * Absent: whoever can make the call at all makes it so.
   */
  readonly imports?: readonly string[];
  readonly reason: string;
  readonly source: string;
}

const equal = (...pairs: readonly (readonly [0 | 1 | 2, bigint])[]): OrdinaryForm["rule"] => {
  const conditions = pairs.map(([index, value]) => equals32(index, value));
  return () => ({ conditions });
};

/** Numbers of linux/socket.h, linux/netlink.h and asm-generic/ioctls.h. */
export const ordinaryForms: readonly OrdinaryForm[] = [
  {
    syscall: "socketpair",
    rule: equal([0, 1n]),
    reason: "a pair of AF_UNIX is a pipe that goes both ways",
    source: "socketpair(2), unix(7)",
  },
  {
    syscall: "socket",
    rule: equal([0, 1n]),
    imports: [
      "syslog",
      "vsyslog",
      "openlog",
      "__syslog_chk",
      "__vsyslog_chk",
      "getpwnam",
      "getpwnam_r",
      "getpwuid",
      "getpwuid_r",
      "getgrnam",
      "getgrnam_r",
      "getgrgid",
      "getgrgid_r",
      "getgrouplist",
      "initgroups",
      "getaddrinfo",
      "gethostbyname",
      "gethostbyname_r",
    ],
    reason: "AF_UNIX: syslog(3) and the name service talk to local daemons",
    source: "glibc misc/syslog.c, nscd/nscd_helper.c",
  },
  {
    syscall: "socket",
    rule: equal([0, 16n], [2, 0n]),
    imports: ["getaddrinfo", "getifaddrs", "if_nameindex"],
    reason: "NETLINK_ROUTE: the C library asks which addresses this machine has",
    source: "glibc sysdeps/unix/sysv/linux/check_pf.c, ifaddrs.c",
  },
  {
    syscall: "clone",
    rule: (arch) => ({
      conditions: [{ index: cloneFlagsIndex(arch), op: "SCMP_CMP_MASKED_EQ", mask: namespaceFlags, datum: 0n }],
    }),
    reason: "threads and children without a namespace of their own",
    source: "clone(2)",
  },
];

/** The forms of a call that the code of these programs makes. */
export function formsOf(syscall: string, programs: readonly ProgramFiles[]): readonly OrdinaryForm[] {
  return ordinaryForms.filter(
    (form) =>
      form.syscall === syscall &&
      (form.imports === undefined ||
        programs.some(({ uses = [] }) => uses.some((name) => form.imports?.includes(name) === true))),
  );
}

/** Functions that a recording names if a program imports them. */
export const tellingImports: ReadonlySet<string> = new Set(ordinaryForms.flatMap(({ imports = [] }) => imports));
