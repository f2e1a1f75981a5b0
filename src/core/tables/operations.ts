import type { RequiredCall } from "./vulnerabilities.ts";

/**
 * A use of a call that most programs need, with a history of vulnerabilities. It is denied unless a recording saw it.
 */
export interface Operation {
  readonly id: string;
  /** Its name in a list. */
  readonly name: string;
  /** The forms in which a program can make it. */
  readonly forms: readonly RequiredCall[];
  /** What the call may do if the operation is allowed, in words that follow "may now": `socket may now open SCTP`. */
  readonly does: string;
  /** Why attackers want it. */
  readonly reason: string;
  /** Known vulnerabilities that need it, alone or with other operations. */
  readonly closes: readonly `CVE-${number}-${number}`[];
  /** The programs that need it. */
  readonly users: string;
  /** The answer of the denied call, and what programs do then. */
  readonly answer: { readonly errno: string; readonly then: string };
  /**
   * Only a recording opens it, never the code. Either it is dangerous, or libraries try it and do without it if denied.
   */
  readonly onlySeen?: true;
  /**
   * A program that a recording saw with one form may use them all. A C library uses one form to ask whether the kernel
   * has the operation. If another form is then denied, the library ends the program.
   */
  readonly together?: true;
  /** The first kernel that has it. `2.6` stands for 2.6 and older ones. */
  readonly since: string;
  readonly source: string;
}

type Arg = NonNullable<RequiredCall["args"]>[number];

const whole = (index: Arg["index"], value: number): Arg => ({ index, value });
const bit = (index: Arg["index"], value: number): Arg => ({ index, value, mask: value });
/** The flags of the type (SOCK_CLOEXEC, SOCK_NONBLOCK) are above its lowest four bits. */
const type = (value: number): Arg => ({ index: 1, value, mask: 0xf });
const protocol = (value: number): Arg => whole(2, value);
/** AF_INET and AF_INET6 (linux/socket.h). */
const internet = (...args: readonly Arg[]): readonly RequiredCall[] =>
  [2, 10].map((family) => ({ names: ["socket"], args: [whole(0, family), ...args] }));
const option = (level: number, ...names: readonly number[]): readonly RequiredCall[] =>
  names.map((name) => ({ names: ["setsockopt"], args: [whole(1, level), whole(2, name)] }));
const ioctl = (request: number): readonly RequiredCall[] => [{ names: ["ioctl"], args: [whole(1, request)] }];
/** Ignores FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME. */
const futex = (...operations: readonly number[]): readonly RequiredCall[] =>
  operations.map((value) => ({ names: ["futex", "futex_time64"], args: [{ index: 1, value, mask: 0x7f }] }));
/** The same flag. It is in another argument of `recvmsg` than of the other calls. */
const receive = (flag: number): readonly RequiredCall[] => [
  { names: ["recv", "recvfrom", "recvmmsg", "recvmmsg_time64"], args: [bit(3, flag)] },
  { names: ["recvmsg"], args: [bit(2, flag)] },
];
const send = (flag: number): readonly RequiredCall[] => [
  { names: ["send", "sendto", "sendmmsg"], args: [bit(3, flag)] },
  { names: ["sendmsg"], args: [bit(2, flag)] },
];
/** CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, and the negative clocks of a process or thread. */
const processorClock = (...names: readonly string[]): readonly RequiredCall[] => [
  { names, args: [whole(0, 2)] },
  { names, args: [whole(0, 3)] },
  { names, args: [bit(0, 0x8000_0000)] },
];

/**
 * On x86_64 the kernel's addresses have bit 56, even with five levels of page tables. A program's addresses do not, and
 * the tags of its pointers begin above it (Documentation/arch/x86/x86_64/mm.rst).
 */
const kernelAddress = 2 ** 56;

export const operations: readonly Operation[] = [
  {
    id: "sctp",
    name: "SCTP",
    forms: [...internet(type(1), protocol(132)), ...internet(type(5), protocol(132))],
    does: "open SCTP",
    reason: "a large protocol that a program can load into the kernel by opening a socket",
    closes: ["CVE-2017-15115", "CVE-2019-8956"],
    users: "telephony servers (freeDiameter, Kamailio with SCTP), iperf3 --sctp, Java's com.sun.nio.sctp",
    answer: { errno: "EPROTONOSUPPORT", then: "as a kernel without SCTP: programs use TCP" },
    since: "2.6",
    source: "net/sctp/protocol.c",
  },
  {
    id: "dccp",
    name: "DCCP",
    forms: internet(type(6)),
    does: "open DCCP",
    reason: "a protocol that hardly any program uses; the kernel dropped it in 6.16",
    closes: ["CVE-2017-6074", "CVE-2017-8824", "CVE-2020-16119"],
    users: "experiments with DCCP",
    answer: { errno: "EPROTONOSUPPORT", then: "as a kernel without DCCP" },
    since: "2.6.14",
    source: "net/dccp/proto.c",
  },
  {
    id: "ping",
    name: "ping sockets",
    // Each family has its own ICMP.
    forms: [
      { names: ["socket"], args: [whole(0, 2), type(2), protocol(1)] },
      { names: ["socket"], args: [whole(0, 10), type(2), protocol(58)] },
    ],
    does: "open ping sockets",
    reason: "ICMP without privilege; its sockets had several races",
    closes: ["CVE-2014-2851", "CVE-2015-3636", "CVE-2017-2671"],
    users: "ping, traceroute, monitoring that pings without CAP_NET_RAW",
    answer: { errno: "EPROTONOSUPPORT", then: "ping tries a raw socket, which needs CAP_NET_RAW" },
    since: "3.0",
    source: "net/ipv4/ping.c, net/ipv6/ping.c",
  },
  {
    id: "l2tp",
    name: "L2TP",
    forms: internet(type(2), protocol(115)),
    does: "open L2TP tunnels",
    reason: "a tunnel protocol whose bind and connect raced",
    closes: ["CVE-2016-10200"],
    users: "L2TP daemons (xl2tpd with kernel tunnels)",
    answer: { errno: "EPROTONOSUPPORT", then: "as a kernel without L2TP: daemons use plain UDP" },
    since: "2.6.35",
    source: "net/l2tp/l2tp_ip.c",
  },
  {
    id: "raw",
    name: "raw sockets",
    forms: internet(type(3)),
    does: "open raw sockets",
    reason: "forges any packet; Docker gives CAP_NET_RAW by default",
    closes: ["CVE-2017-17712"],
    users: "ping, traceroute, nmap, dhcpd, keepalived",
    answer: { errno: "EPROTONOSUPPORT", then: "ping says so and ends (measured)" },
    since: "2.6",
    source: "net/ipv4/raw.c, raw(7)",
  },
  {
    id: "tcp-ulp",
    name: "TCP_ULP",
    forms: option(6, 31),
    does: "put a protocol such as TLS on top of TCP (TCP_ULP)",
    reason: "replaces a socket's functions while it is in use; TLS in the kernel had a series of vulnerabilities",
    closes: [
      "CVE-2023-0461",
      "CVE-2024-26582",
      "CVE-2024-26585",
      "CVE-2024-58239",
      "CVE-2024-58240",
      "CVE-2025-37756",
      "CVE-2025-38616",
      "CVE-2025-39682",
      "CVE-2025-39946",
    ],
    users: "TLS in the kernel: OpenSSL with KTLS (nginx ssl_conf_command Options KTLS), GnuTLS ktls, nbd",
    answer: { errno: "ENOPROTOOPT", then: "as a kernel without it: OpenSSL and GnuTLS encrypt themselves" },
    onlySeen: true,
    since: "4.13",
    source: "net/ipv4/tcp_ulp.c",
  },
  {
    id: "multicast-membership",
    name: "multicast groups",
    forms: [...option(0, 35, 39, 42, 46), ...option(41, 20, 42, 46)],
    does: "join multicast groups",
    reason: "sockets inherited the list of groups and freed it twice",
    closes: ["CVE-2017-8890", "CVE-2017-9077", "CVE-2023-6932"],
    users: "mDNS and discovery (Avahi, Elasticsearch, JGroups), routing daemons",
    answer: { errno: "ENOPROTOOPT", then: "discovery says so; unicast goes on" },
    since: "2.6",
    source: "net/ipv4/igmp.c",
  },
  {
    id: "ipv6-addrform",
    name: "IPV6_ADDRFORM",
    forms: option(41, 1),
    does: "turn an IPv6 socket into an IPv4 socket (IPV6_ADDRFORM)",
    reason: "swaps a socket's protocol under its users",
    closes: ["CVE-2018-9568"],
    users: "hardly any program (RFC 3493 does not have it)",
    answer: { errno: "ENOPROTOOPT", then: "the socket stays one of IPv6" },
    since: "2.6",
    source: "net/ipv6/ipv6_sockglue.c",
  },
  {
    id: "ipv6-extension-headers",
    name: "extension headers",
    forms: option(41, 6, 54, 55, 57, 59),
    does: "set IPv6 extension headers",
    reason: "the list of headers was freed while another thread sent",
    closes: ["CVE-2016-3841"],
    users: "mobile IPv6 and test tools",
    answer: { errno: "ENOPROTOOPT", then: "packets go without the headers" },
    since: "2.6",
    source: "net/ipv6/exthdrs.c, RFC 3542",
  },
  {
    id: "priority-inheritance",
    name: "priority inheritance",
    forms: futex(6, 7, 8, 11, 12, 13),
    does: "use futexes with priority inheritance",
    reason: "changes scheduling from what a program wrote into its memory; the most exploited part of futexes",
    closes: ["CVE-2014-3153", "CVE-2021-3347"],
    users: "real-time programs: PTHREAD_PRIO_INHERIT (PulseAudio, PipeWire, JACK)",
    answer: {
      errno: "ENOSYS",
      then: "as without CONFIG_FUTEX_PI: pthread_mutex_init says ENOTSUP, programs use plain mutexes (measured)",
    },
    onlySeen: true,
    together: true,
    since: "2.6.18",
    source: "kernel/futex/pi.c, futex(2)",
  },
  {
    id: "requeue",
    name: "requeue",
    forms: futex(3, 4),
    does: "move waiters between futexes",
    reason: "counts from the program went unchecked into a loop over waiters",
    closes: ["CVE-2018-6927"],
    users: "musl's condition variables, those of glibc before 2.25",
    answer: { errno: "ENOSYS", then: "glibc before 2.25 wakes all waiters instead" },
    since: "2.6",
    source: "kernel/futex/requeue.c, futex(2)",
  },
  {
    id: "tiocsti",
    name: "TIOCSTI",
    forms: ioctl(0x5412),
    does: "type into its terminal (TIOCSTI)",
    reason: "types commands into a terminal that the container shares with its user",
    closes: ["CVE-2017-5226"],
    users: "mail(1) and old shells",
    answer: { errno: "EIO", then: "as a kernel with dev.tty.legacy_tiocsti=0" },
    onlySeen: true,
    since: "2.6",
    source: "ioctl_tty(2)",
  },
  {
    id: "tioclinux",
    name: "TIOCLINUX",
    forms: ioctl(0x541c),
    does: "paste into a console (TIOCLINUX)",
    reason: "as TIOCSTI, on a virtual console",
    closes: ["CVE-2023-28100"],
    users: "gpm and consolation, on a host's console",
    answer: { errno: "EIO", then: "as TIOCSTI" },
    onlySeen: true,
    since: "2.6",
    source: "ioctl_console(2)",
  },
  {
    id: "line-discipline",
    name: "TIOCSETD",
    forms: ioctl(0x5423),
    does: "change a terminal's line discipline (TIOCSETD)",
    reason: "loads rarely used protocols of serial lines into the kernel",
    closes: ["CVE-2017-2636", "CVE-2021-42008", "CVE-2023-6546"],
    users: "pppd, slattach, ldattach, Bluetooth over serial lines",
    answer: { errno: "EINVAL", then: "as a kernel without the discipline" },
    since: "2.6",
    source: "drivers/tty/tty_ldisc.c, ioctl_tty(2)",
  },
  {
    id: "terminal-session",
    name: "TIOCGSID",
    forms: ioctl(0x5429),
    does: "ask for a terminal's session (TIOCGSID)",
    reason: "read the session without its lock",
    closes: ["CVE-2020-29660"],
    users: "tcgetsid(3), which hardly any program calls; shells use TIOCGPGRP",
    answer: { errno: "EINVAL", then: "glibc gets it by TIOCGPGRP and getsid instead (measured)" },
    since: "2.6",
    source: "drivers/tty/tty_jobctrl.c, ioctl_tty(2)",
  },
  {
    id: "notification-pipe",
    name: "notification pipes",
    forms: [{ names: ["pipe2"], args: [bit(1, 0x80)] }],
    does: "open notification pipes (O_NOTIFICATION_PIPE)",
    reason: "turns a pipe into a queue of kernel events",
    closes: ["CVE-2022-0995"],
    users: "keyctl watch",
    answer: { errno: "EINVAL", then: "as a kernel before 5.8" },
    since: "5.8",
    source: "kernel/watch_queue.c, pipe(2)",
  },
  {
    id: "out-of-band",
    name: "MSG_OOB",
    forms: send(1),
    does: "send out-of-band data (MSG_OOB)",
    reason: "one byte beside the stream, with bookkeeping of its own in each protocol",
    closes: ["CVE-2024-36972", "CVE-2025-38236"],
    users: "clients that interrupt a server: FTP's ABOR, telnet, rlogin",
    answer: { errno: "ENOTSUP", then: "as UDP, and AF_UNIX in a kernel without CONFIG_AF_UNIX_OOB" },
    since: "2.6",
    source: "net/unix/af_unix.c, send(2)",
  },
  {
    id: "peek",
    name: "MSG_PEEK",
    forms: receive(2),
    does: "peek at received data (MSG_PEEK)",
    reason: "leaves a message in the queue that another thread takes out",
    closes: ["CVE-2016-10229", "CVE-2021-0920"],
    users: "servers and libraries that look whether a connection is alive, netlink tools, sshd's sessions (libaudit)",
    answer: { errno: "EINVAL", then: "only denied if the code of no recorded program passes it" },
    since: "2.6",
    source: "net/unix/garbage.c, recv(2)",
  },
  {
    id: "processor-timers",
    name: "processor time",
    forms: processorClock("timer_create", "clock_nanosleep", "clock_nanosleep_time64"),
    does: "run timers of processor time",
    reason: "expire in the scheduler's tick, while the thread may be exiting",
    closes: ["CVE-2022-2585", "CVE-2025-38352"],
    users: "profilers (Go's CPU profile, gperftools), real-time watchdogs",
    answer: { errno: "EINVAL", then: "Go profiles with setitimer instead" },
    since: "2.6",
    source: "kernel/time/posix-cpu-timers.c, timer_create(2)",
  },
  {
    id: "kernel-address",
    name: "kernel addresses",
    forms: [{ names: ["waitid"], args: [bit(2, kernelAddress)], arches: ["SCMP_ARCH_X86_64"] }],
    does: "write its result to an address of the kernel",
    reason: "no program has memory there; a forgotten check wrote to it",
    closes: ["CVE-2017-5123"],
    users: "no program",
    answer: { errno: "EFAULT", then: "as the kernel, which checks" },
    since: "2.6",
    source: "kernel/exit.c",
  },
];

const byId = new Map(operations.map((operation) => [operation.id, operation]));
/** The operation of this id. */
export function operationOf(id: string): Operation {
  const operation = byId.get(id);
  if (operation === undefined) throw new RangeError(`no operation ${id}`);
  return operation;
}

const byCall = new Map<string, readonly Operation[]>();
for (const operation of operations) {
  for (const name of new Set(operation.forms.flatMap(({ names }) => names)))
    byCall.set(name, [...(byCall.get(name) ?? []), operation]);
}

/** The operations of a call. */
export function operationsOf(syscall: string): readonly Operation[] {
  return byCall.get(syscall) ?? [];
}
