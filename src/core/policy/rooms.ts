import type { ArgCondition } from "../seccomp/index.ts";
import { pinRooms, type Room } from "./pin-rooms.ts";
import { equals32, masked, type Pinner } from "./pin.ts";

const int = 0xffff_ffffn;

/** AF_INET, AF_INET6. */
export type InternetFamily = 2n | 10n;

/** The family's name in a list. */
export function internetName(family: InternetFamily): string {
  return family === 2n ? "AF_INET" : "AF_INET6";
}

/**
 * TCP, UDP and UDP-Lite of AF_INET, AF_INET6 or both. UDP-Lite is UDP's code, and no vulnerability of it is known. The
 * two families differ in one bit, so both need only as many rules as one.
 */
export function internetRooms(families: readonly InternetFamily[]): readonly Room[] {
  const [first = 2n, second = first] = families;
  const type = (value: bigint): ArgCondition => masked(1, 0xfn, value);
  return [
    { type: 1n, protocol: 0n, words: "TCP" },
    { type: 1n, protocol: 6n, words: "TCP" },
    { type: 2n, protocol: 0n, words: "UDP" },
    { type: 2n, protocol: 17n, words: "UDP" },
    { type: 2n, protocol: 136n, words: "UDP-Lite" },
  ].map((each) => ({
    conditions: [masked(0, int & ~(first ^ second), first & second), type(each.type), equals32(2, each.protocol)],
    words: `${families.map(internetName).join(" and ")}, ${each.words}`,
    reason: "the internet's own protocols; name lookups use both",
    source: "tcp(7), udp(7), udplite(7)",
  }));
}

/**
 * FUTEX_WAIT and FUTEX_WAKE, their forms with bits, and FUTEX_WAKE_OP on two futexes at once. libcs build their locks
 * from these.
 */
export const pinFutex: Pinner = pinRooms([1], [0x7fn], ({ programs, glibcPrograms }) => [
  {
    conditions: [masked(1, 0x7en, 0n)], // FUTEX_WAIT, FUTEX_WAKE
    words: "wait and wake",
    reason: "locks of C libraries and runtimes wait and wake when threads meet",
    source: "futex(2)",
    always: true,
  },
  ...[
    masked(1, 0x7fn, 9n), // FUTEX_WAIT_BITSET
    masked(1, 0x7fn, 10n), // FUTEX_WAKE_BITSET
    masked(1, 0x7fn, 5n), // FUTEX_WAKE_OP
  ].map((condition) => ({
    conditions: [condition],
    words: "wait and wake with bits",
    reason: "locks of C libraries wait and wake on some bits, or on two futexes at once",
    source: "futex(2)",
  })),
  ...([...programs].every((name) => glibcPrograms.has(name)) && programs.size > 0
    ? []
    : [
        {
          conditions: [masked(1, 0x7fn, 3n)], // FUTEX_REQUEUE
          words: "requeue",
          reason: "condition variables of musl move waiters; a program here does not start as glibc's do",
          source: "musl src/thread/pthread_cond_timedwait.c",
        },
      ]),
]);

/**
 * The clocks of linux/time.h that do not measure processor time: 0 and 1 (REALTIME, MONOTONIC), 8 and 9 (their alarms),
 * 4 to 7 (the last is BOOTTIME). Only clock synchronization waits by CLOCK_TAI, so a recording must see it.
 */
export const pinClock: Pinner = pinRooms([0], [int], () =>
  [
    [~9n, 0n],
    [~3n, 4n],
  ].map(([mask = 0n, datum = 0n]) => ({
    conditions: [masked(0, mask & int, datum)],
    words: "clocks of the machine",
    reason: "programs wait by any of the machine's clocks",
    source: "timer_create(2)",
  })),
);

interface Options {
  /** Mask and datum of the level. */
  readonly level: readonly [bigint, bigint];
  readonly words: string;
  /** Masks and data of the option's number. Empty for all options of the level. */
  readonly names: readonly (readonly [bigint, bigint])[];
}

/**
 * Levels and options of asm-generic/socket.h, linux/in.h, in6.h, tcp.h and udp.h that programs set freely. A mask joins
 * numbers that differ in its missing bits, so that few rules are enough.
 */
const ordinaryOptions: readonly Options[] = [
  {
    level: [~16n, 1n], // SOL_SOCKET 1, SOL_UDP 17
    words: "options of sockets and of UDP",
    names: [],
  },
  {
    level: [~0n, 6n],
    words: "options of TCP but TCP_ULP and TCP_REPAIR_WINDOW",
    // All but 29 and 31, which only CRIU sets. Each row allows the numbers that lack one of the bits that 29 and 31
    // share.
    names: [
      [1n, 0n],
      [4n, 0n],
      [8n, 0n],
      [16n, 0n],
    ],
  },
  {
    level: [~0n, 0n],
    words: "options of IPv4 but memberships",
    names: [
      [~31n, 0n], // up to 31
      [~17n, 32n], // IP_MULTICAST_IF and _TTL; MCAST_MSFILTER and IP_MULTICAST_ALL
      [~16n, 34n], // IP_MULTICAST_LOOP, IP_UNICAST_IF
    ],
  },
  {
    level: [~0n, 41n],
    words: "options of IPv6 but memberships, conversion and extension headers",
    names: [
      [~11n, 16n], // 16 to 19 hops and multicast, 24 to 27 MTU, RECVERR and V6ONLY
      [~1n, 22n], // IPV6_ROUTER_ALERT, IPV6_MTU_DISCOVER
      [~3n, 48n], // 48 to 51: what to receive of a packet
      [~6n, 56n], // 56, 58, 60, 62: headers and MTUs to receive, DONTFRAG
      // Not 64 and 65, which set tables of packet filters.
      [~13n, 66n], // 66, 67, 70, 71, 74, 75, 78, 79: traffic class, flow label, binding
      [~5n, 72n], // 72, 73, 76, 77: source address, least hops, interface
    ],
  },
];

/** Levels above 255 belong to families, and socket's pins choose the families. */
const familyLevels: Room = {
  conditions: [masked(1, 0x100n, 0x100n)],
  words: "options of other families",
  reason: "sockets of those families are pinned where they are opened",
  source: "linux/socket.h",
};

/** The options that a program may set on a socket. */
export const pinSetsockopt: Pinner = pinRooms([1, 2], [int, int], () => [
  ...ordinaryOptions.flatMap(({ level, words, names }) =>
    (names.length === 0 ? [undefined] : names).map((name) => ({
      conditions: [
        masked(1, level[0] & int, level[1]),
        ...(name === undefined ? [] : [masked(2, name[0] & int, name[1])]),
      ],
      words,
      reason: "options that programs set as they like",
      source: "socket(7), ip(7), ipv6(7), tcp(7)",
    })),
  ),
  familyLevels,
]);
