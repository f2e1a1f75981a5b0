import { isRead, type ArgTuple } from "../recording/index.ts";
import { callArgs, ruleMatches, type ArgCondition, type ArgIndex, type Rule } from "../seccomp/index.ts";
import { hasOwnNumbers, operationsOf, type Operation, type RequiredCall, type ScmpArch } from "../tables/index.ts";
import { isOpenedByCode, tellsArguments } from "./constants-in-code.ts";
import { equals32, errno, masked, ruleOf, type Also, type Pin, type PinContext, type Pinner } from "./pin.ts";

/**
 * Arguments that every program may use, recorded or not, because programs vary them from day to
 * day. Rooms and recorded values together are all that a pin allows. The operations of
 * tables/operations.ts lie outside.
 */
export interface Room {
  readonly conditions: readonly ArgCondition[];
  readonly words: string;
  readonly reason: string;
  readonly source: string;
  /** Open with --args strict too, because the container runtime needs it to start a container. */
  readonly always?: true;
}

/** A form of an operation, as it concerns one call on one architecture. */
interface Form {
  readonly operation: Operation;
  readonly form: RequiredCall;
}

/** The forms of all operations of a call on this architecture. */
export function formsOf(syscall: string, arch: ScmpArch): readonly Form[] {
  return operationsOf(syscall).flatMap((operation) =>
    operation.forms
      .filter(({ names, arches }) => names.includes(syscall) && (arches === undefined || arches.includes(arch)))
      .map((form) => ({ operation, form })),
  );
}

/** Does a recorded call match the rule? An argument that could not be read may be anything. */
function matches(rule: Rule, indices: readonly ArgIndex[], tuple: ArgTuple): boolean {
  return ruleMatches(
    {
      conditions: rule.conditions.filter(({ index }) => (tuple[indices.indexOf(index)] ?? null) !== null),
    },
    callArgs(Object.fromEntries(indices.map((index, at) => [index, tuple[at] ?? 0n]))),
  );
}

/** What the operations that stay closed answer. */
function answersOf(syscall: string, { arch }: PinContext, except: (form: Form) => boolean = () => false) {
  return formsOf(syscall, arch)
    .filter((form) => !except(form))
    .map(({ operation, form }): Pin["answers"][number] => ({
      action: errno(operation.answer.errno),
      rule: ruleOf(form),
      reason: `would ${operation.does}, which was not seen: ${operation.answer.then}`,
      source: operation.source,
    }));
}

/** The recorded values, each compared whole. */
function exactly(indices: readonly ArgIndex[], values: readonly ArgTuple[]): readonly Rule[] {
  return values.map((tuple) => ({
    conditions: tuple.flatMap((value, at) => (value === null ? [] : [equals32(indices[at] ?? 0, value)])),
  }));
}

/** Allows any flags but those that open an operation. One rule, however many they are. */
export function pinFlags(index: ArgIndex, words: string): Pinner {
  return (values, context, syscall) => {
    const { arch, tier } = context;
    const indices = [index];
    const isOpen = ({ operation, form }: Form): boolean =>
      values.some((tuple) => matches(ruleOf(form), indices, tuple)) ||
      isOpenedByCode(context, syscall, operation, form) ||
      (operation.id === "peek" && !tellsArguments(context, syscall, indices));
    const forms = formsOf(syscall, arch);
    const closed = forms.filter((form) => !isOpen(form));
    if (hasOwnNumbers(arch, syscall)) return { unpinned: "its arguments have other numbers on this architecture" };
    if (tier === "strict" && values.length > 0)
      return { allow: exactly(indices, values), answers: answersOf(syscall, context, isOpen) };
    if (closed.length === 0) return { unpinned: "all that a pin would deny was seen" };
    const mask = closed.reduce((bits, { form }) => bits | BigInt(form.args?.[0]?.mask ?? 0), 0n);
    return {
      allow: [],
      also: [
        {
          rule: { conditions: [masked(index, mask, 0n)] },
          words: `any ${words}, but not to ${closed.map(({ operation }) => operation.does).join(", or to ")}`,
          reason: "other values vary from day to day",
          source: `${syscall}(2)`,
          seen: values.length > 0,
        },
      ],
      answers: answersOf(syscall, context, isOpen),
    };
  };
}

/** Allows the rooms, and the recorded values outside them, compared under these masks. */
export function pinRooms(
  indices: readonly ArgIndex[],
  masks: readonly bigint[],
  rooms: (context: PinContext) => readonly Room[],
): Pinner {
  return (values, context, syscall) => {
    if (hasOwnNumbers(context.arch, syscall))
      return { unpinned: "its arguments have other numbers on this architecture" };
    const strict = context.tier === "strict" && values.length > 0;
    const entered = rooms(context).filter(({ always = false }) => !strict || always);
    const open = entered.map(({ words, reason, source, ...room }): Also => {
      const rule = { conditions: room.conditions };
      return { words, reason, source, rule, seen: values.some((tuple) => matches(rule, indices, tuple)) };
    });
    const beyond = values.filter((tuple) => !open.some(({ rule }) => isRead(tuple) && matches(rule, indices, tuple)));
    const rule = (tuple: ArgTuple): Rule => ({
      conditions: tuple.flatMap((value, at) =>
        value === null ? [] : [masked(indices[at] ?? 0, masks[at] ?? 0n, value & (masks[at] ?? 0n))],
      ),
    });
    const forms = formsOf(syscall, context.arch);
    const passed = forms.filter(({ operation, form }) => isOpenedByCode(context, syscall, operation, form));
    const isSeen = ({ form }: Form): boolean => values.some((tuple) => matches(ruleOf(form), indices, tuple));
    const implied = forms.filter(
      (one) =>
        one.operation.together === true &&
        !isSeen(one) &&
        forms.some((other) => other.operation === one.operation && isSeen(other)),
    );
    const allowed = (each: readonly Form[], why: string): readonly Also[] =>
      each.map(({ operation, form }) => ({
        rule: ruleOf(form),
        reason: `${why}: may ${operation.does}`,
        source: operation.source,
      }));
    return {
      allow: strict ? exactly(indices, beyond) : beyond.map(rule),
      also: [
        ...open,
        ...allowed(passed, "the program's code passes it as a constant"),
        ...allowed(implied, "was seen in another form, and C libraries count on all"),
      ],
      answers: answersOf(syscall, context, (form) => passed.includes(form) || implied.includes(form)),
      ...(beyond.some((tuple) => !isRead(tuple)) ? { lost: "an argument could not be read" } : {}),
    };
  };
}

const int = 0xffff_ffffn;

/** AF_INET, AF_INET6. */
export type InternetFamily = 2n | 10n;

/** In a list. */
export function internetName(family: InternetFamily): string {
  return family === 2n ? "AF_INET" : "AF_INET6";
}

/**
 * TCP, UDP and UDP-Lite of AF_INET, AF_INET6 or both: UDP-Lite is UDP's code, and nothing is known
 * against it. The two families differ in one bit, so both take as many rules as one.
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

/** FUTEX_WAIT and FUTEX_WAKE, with bits and on two futexes at once: how libcs build their locks. */
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
 * Clocks of linux/time.h that are not of processor time: 0 and 1 (REALTIME, MONOTONIC), 8 and 9 (their
 * alarms); 4 to 7 (the last is BOOTTIME). CLOCK_TAI, by which only clock synchronization waits, has to
 * be seen.
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
  /** Masks and data of the option's number. None: all of the level. */
  readonly names: readonly (readonly [bigint, bigint])[];
}

/**
 * Levels and options of asm-generic/socket.h, linux/in.h, in6.h, tcp.h and udp.h that programs set as
 * they like. A mask joins numbers that differ in its missing bits, so that few rules say it.
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
    // All but 31 and 29, which CRIU alone sets: another bit of 31 and 29 is clear.
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

/** Levels above 255 belong to families, which socket's pins choose. */
const familyLevels: Room = {
  conditions: [masked(1, 0x100n, 0x100n)],
  words: "options of other families",
  reason: "sockets of those families are pinned where they are opened",
  source: "linux/socket.h",
};

/** Which options a socket is given. */
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

/**
 * Rules for a value whose lower bits are none of these numbers. Such a value differs from them in a
 * bit in which they all agree, or it lies in a cube of the other bits that holds none of them. The
 * point that the fewest cubes hold is served first, by the largest of these.
 */
export function noneOf(index: ArgIndex, width: number, values: readonly bigint[]): readonly Rule[] {
  const bits = [...Array(width).keys()].map((bit) => 1n << BigInt(bit));
  const [first = 0n] = values;
  const apart = bits.filter((bit) => values.some((value) => ((first ^ value) & bit) !== 0n));
  const own = apart.reduce((mask, bit) => mask | bit, 0n);
  const taken = new Set(values.map((value) => value & own));
  const cubes = largest(
    cubesOf(apart).filter(({ mask, datum }) => [...taken].every((point) => (point & mask) !== datum)),
  );
  let rest = pointsOf(apart).filter((point) => !taken.has(point));
  const chosen: Cube[] = [];
  while (rest.length > 0) {
    const holders = rest.map((point) => cubes.filter(({ mask, datum }) => (point & mask) === datum));
    const fewest = holders.reduce((one, other) => (other.length < one.length ? other : one));
    const held = (cube: Cube): number => rest.filter((point) => (point & cube.mask) === cube.datum).length;
    const best = fewest.reduce((one, other) => (held(other) > held(one) ? other : one));
    chosen.push(best);
    rest = rest.filter((point) => (point & best.mask) !== best.datum);
  }
  return [
    ...bits.filter((bit) => !apart.includes(bit)).map((bit) => ({ mask: bit, datum: ~first & bit })),
    ...chosen,
  ].map(({ mask, datum }) => ({ conditions: [masked(index, mask, datum)] }));
}

/** The values that have these bits under the mask. */
interface Cube {
  readonly mask: bigint;
  readonly datum: bigint;
}

function pointsOf(bits: readonly bigint[]): readonly bigint[] {
  return bits.reduce<readonly bigint[]>((points, bit) => points.flatMap((point) => [point, point | bit]), [0n]);
}

function cubesOf(bits: readonly bigint[]): readonly Cube[] {
  return pointsOf(bits).flatMap((mask) =>
    pointsOf(bits.filter((bit) => (mask & bit) !== 0n)).map((datum) => ({ mask, datum })),
  );
}

/** Those that no other one holds. */
function largest(cubes: readonly Cube[]): readonly Cube[] {
  return cubes.filter(
    (cube) =>
      !cubes.some(
        (other) => other !== cube && (other.mask & ~cube.mask) === 0n && (cube.datum & other.mask) === other.datum,
      ),
  );
}
