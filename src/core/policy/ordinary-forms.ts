import { operationsOf, type CodeEvidence } from "../recording/index.ts";
import type { ArgIndex, Rule } from "../seccomp/index.ts";
import { cloneFlagsIndex, type ScmpArch } from "../tables/index.ts";
import { namespaceFlags } from "./pin-clone.ts";
import { equals32 } from "./pin.ts";

/** A weighty or pinned call that is ordinary with certain arguments. */
export interface OrdinaryForm {
  readonly syscall: string;
  readonly form: AnyMaker | Constants;
  readonly reason: string;
  readonly source: string;
}

/** Every program that can make the call makes it in this form. */
interface AnyMaker {
  readonly rule: (arch: ScmpArch) => Rule;
}

/** The form counts only if the code passes one of these lists of constants. A list has one value for each argument. */
interface Constants {
  readonly indices: readonly ArgIndex[];
  readonly values: readonly (readonly bigint[])[];
  /**
   * The form also counts if the code passes on what it gets, as interpreters do. A script that chooses any of these
   * values does something ordinary.
   */
  readonly orGiven?: true;
}

/** Several options of one level. */
const options = (level: bigint, ...names: readonly bigint[]): readonly (readonly bigint[])[] =>
  names.map((name) => [level, name]);

/** Numbers of linux/socket.h, linux/netlink.h, asm-generic/socket.h, linux/tcp.h, linux/in.h, linux/prctl.h. */
export const ordinaryForms: readonly OrdinaryForm[] = [
  {
    syscall: "socketpair",
    form: { rule: () => ({ conditions: [equals32(0, 1n)] }) },
    reason: "a pair of AF_UNIX is a pipe that goes both ways",
    source: "socketpair(2), unix(7)",
  },
  {
    syscall: "socket",
    form: { indices: [0], values: [[1n]] },
    reason: "syslog(3) and the name service talk to local daemons",
    source: "glibc misc/syslog.c, nscd/nscd_helper.c",
  },
  {
    syscall: "socket",
    form: { indices: [0, 2], values: [[16n, 0n]] },
    reason: "the C library asks by NETLINK_ROUTE which addresses this machine has",
    source: "glibc sysdeps/unix/sysv/linux/check_pf.c, ifaddrs.c",
  },
  {
    syscall: "setsockopt",
    form: {
      indices: [1, 2],
      orGiven: true,
      // REUSEADDR, BROADCAST, SNDBUF, RCVBUF, KEEPALIVE, LINGER, REUSEPORT, PASSCRED, RCVLOWAT, RCVTIMEO, SNDTIMEO
      values: options(1n, 2n, 6n, 7n, 8n, 9n, 13n, 15n, 16n, 18n, 20n, 21n),
    },
    reason: "how a socket waits, buffers and shares its address",
    source: "socket(7)",
  },
  {
    syscall: "setsockopt",
    form: {
      indices: [1, 2],
      orGiven: true,
      // NODELAY, CORK, KEEPIDLE, KEEPINTVL, KEEPCNT, DEFER_ACCEPT, QUICKACK, USER_TIMEOUT
      values: options(6n, 1n, 3n, 4n, 5n, 6n, 9n, 12n, 18n),
    },
    reason: "when TCP sends and how long it waits",
    source: "tcp(7)",
  },
  {
    syscall: "setsockopt",
    form: {
      indices: [1, 2],
      orGiven: true,
      // IP_TOS, IP_TTL, IP_PKTINFO, IP_MTU_DISCOVER, IP_RECVERR;
      // IPV6_RECVERR, IPV6_V6ONLY, IPV6_RECVPKTINFO, IPV6_TCLASS
      values: [...options(0n, 1n, 2n, 8n, 10n, 11n), ...options(41n, 25n, 26n, 49n, 67n)],
    },
    reason: "reads or sets options of a packet's header",
    source: "ip(7), ipv6(7)",
  },
  {
    syscall: "prctl",
    form: {
      indices: [0],
      orGiven: true,
      // GET_PDEATHSIG, GET_KEEPCAPS, SET_KEEPCAPS, GET_SECCOMP, CAPBSET_DROP, GET_SECUREBITS, SET_TIMERSLACK,
      // GET_TIMERSLACK, SET_CHILD_SUBREAPER, GET_CHILD_SUBREAPER, GET_NO_NEW_PRIVS, SET_THP_DISABLE, GET_THP_DISABLE
      values: [2n, 7n, 8n, 21n, 24n, 27n, 29n, 30n, 36n, 37n, 39n, 41n, 42n].map((value) => [value]),
    },
    reason: "asks, gives up rights, or keeps those that the process has",
    source: "prctl(2)",
  },
  {
    syscall: "fcntl",
    form: {
      indices: [1],
      orGiven: true,
      // Duplicates, flags, locks, owners, signals and seals, but not leases, notifications or sizes of pipes.
      values: [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n, 11n, 15n, 16n, 36n, 37n, 38n, 1030n, 1033n, 1034n].map(
        (value) => [value],
      ),
    },
    reason: "duplicates, flags and locks of the program's own descriptors",
    source: "fcntl(2)",
  },
  {
    syscall: "clone",
    form: {
      rule: (arch) => ({
        conditions: [{ index: cloneFlagsIndex(arch), op: "SCMP_CMP_MASKED_EQ", mask: namespaceFlags, datum: 0n }],
      }),
    },
    reason: "threads and children without a namespace of their own",
    source: "clone(2)",
  },
];

/** A form of a call that code makes. */
export interface FoundForm {
  readonly rule: Rule;
  readonly reason: string;
  /** The place that has the constants. `undefined` if the form needs none. */
  readonly place: string | undefined;
}

/** The forms of a call that this code makes. */
export function formsOf(syscall: string, code: CodeEvidence | undefined, arch: ScmpArch): readonly FoundForm[] {
  const passed = operationsOf(code, arch, syscall);
  return ordinaryForms
    .filter((form) => form.syscall === syscall)
    .flatMap(({ form, reason }): readonly FoundForm[] => {
      if ("rule" in form) return [{ rule: form.rule(arch), reason, place: undefined }];
      const { indices, orGiven = false } = form;
      return form.values.flatMap((values) => {
        const found = passed.find((one) =>
          indices.every((index, i) => {
            const value = one.values.get(index);
            return value === values[i] || (orGiven && value === undefined);
          }),
        );
        if (found === undefined) return [];
        return [
          {
            rule: { conditions: indices.map((index, i) => equals32(index, values[i] ?? 0n)) },
            reason,
            place: found.place,
          },
        ];
      });
    });
}
