import type { ScmpArch } from "./types.ts";

/** A call that has to be made, with what its arguments have to be. `mask` is of 32 bits unless said otherwise: the kernel looks at no more. */
export interface RequiredCall {
  readonly names: readonly string[];
  readonly args?: readonly { readonly index: 0 | 1 | 2 | 3 | 4 | 5; readonly value: number; readonly mask?: number }[];
  /** Only by these architectures' way into the kernel. */
  readonly arches?: readonly ScmpArch[];
}

/** A known way from a syscall to more rights than a program should have. */
export interface Vulnerability {
  readonly id: `CVE-${number}-${number}`;
  /** The name people know it by. */
  readonly name?: string;
  /** Where the mistake was. `runtime`: in a container runtime or sandbox, not in the kernel. */
  readonly where: "kernel" | "runtime";
  /** Of each list, one call has to be made; without it the vulnerability is out of reach. */
  readonly needs: readonly (readonly RequiredCall[])[];
  /** `anywhere`: having it in a user namespace suffices, and whoever may make one has it. `host`: the container has to be given it. */
  readonly capability?: { readonly name: string; readonly where: "anywhere" | "host" };
  readonly gives: string;
  /** The commit that mended it in Linux, by its title, or an advisory; the record of the id at nvd.nist.gov says the same in more words. */
  readonly source: string;
}

type Need = readonly RequiredCall[];

const call = (...names: string[]): Need => [{ names }];
const withArg = (name: string, index: 0 | 1 | 2 | 3, ...values: number[]): Need => values.map((value) => ({ names: [name], args: [{ index, value }] }));
/** Protocol families: linux/socket.h. The type's flags are above its lowest four bits. */
const socket = (family: number, type?: number, protocol?: number): Need => [
  { names: ["socket"], args: [{ index: 0, value: family }, ...(type === undefined ? [] : [{ index: 1 as const, value: type, mask: 0xf }]), ...(protocol === undefined ? [] : [{ index: 2 as const, value: protocol }])] },
];
const option = (level: number, ...names: number[]): Need => names.map((name) => ({ names: ["setsockopt"], args: [{ index: 1, value: level }, { index: 2, value: name }] }));
const flag = (name: string, index: 0 | 1 | 2 | 3, bit: number): RequiredCall => ({ names: [name], args: [{ index, value: bit, mask: bit }] });
const netlink = (protocol: number): Need => socket(16, undefined, protocol);
const unixSocket: Need = [...socket(1), { names: ["socketpair"], args: [{ index: 0, value: 1 }] }];
const internet = (type: number, protocol?: number): Need => [...socket(2, type, protocol), ...socket(10, type, protocol)];
/** CLONE_NEWUSER; clone3's flags are in memory. */
const userNamespace: Need = [flag("unshare", 0, 0x1000_0000), flag("clone", 0, 0x1000_0000), ...call("clone3")];
const send: Need = call("send", "sendto", "sendmsg", "sendmmsg");
/** MSG_PEEK = 2, MSG_OOB = 1: the same bit of flags that stand at another place in each call. */
const receiveFlag = (bit: number): Need => [flag("recvfrom", 3, bit), flag("recv", 3, bit), flag("recvmsg", 2, bit), flag("recvmmsg", 3, bit)];
const sendFlag = (bit: number): Need => [flag("sendto", 3, bit), flag("send", 3, bit), flag("sendmsg", 2, bit), flag("sendmmsg", 3, bit)];
const someMount: Need = call("mount", "fsmount");
/** The futex operation without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME. */
const futex = (...operations: number[]): Need => operations.map((value) => ({ names: ["futex"], args: [{ index: 1, value, mask: 0x7f }] }));
const compat: readonly ScmpArch[] = ["SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_ARM", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_PPC", "SCMP_ARCH_S390", "SCMP_ARCH_PARISC"];
const onCompat = (need: Need): Need => need.map((row) => ({ ...row, arches: compat }));
const anywhere = (name: string): Vulnerability["capability"] & object => ({ name, where: "anywhere" });
const host = (name: string): Vulnerability["capability"] & object => ({ name, where: "host" });

const root = "local root, and from there out of the container";
const crash = "stops the machine";
const leak = "reads kernel memory";

/** In the order of their numbers. What is needed is the least that every known way has in common, so that "out of reach" stays true for variants. */
export const vulnerabilities: readonly Vulnerability[] = [
  { id: "CVE-2008-0600", name: "vmsplice", where: "kernel", needs: [call("vmsplice")], gives: root, source: "splice: fix user pointer access in get_iovec_page_array()" },
  { id: "CVE-2009-2692", name: "sock_sendpage", where: "kernel", needs: [call("sendfile", "splice"), call("socket")], gives: root, source: "net: Make sock_sendpage() use kernel_sendpage()" },
  { id: "CVE-2010-2959", where: "kernel", needs: [socket(29, 2, 2)], gives: root, source: "can: add limit for nframes and clean up signed/unsigned variables" },
  { id: "CVE-2010-3904", name: "RDS", where: "kernel", needs: [socket(21)], gives: root, source: "net: fix rds_iovec page count overflow" },
  { id: "CVE-2013-1763", where: "kernel", needs: [netlink(4)], gives: root, source: "sock_diag: Fix out-of-bounds access to sock_diag_handlers[]" },
  { id: "CVE-2013-1858", where: "kernel", needs: [[{ names: ["clone"], args: [{ index: 0, value: 0x1000_0200, mask: 0x1000_0200 }] }, ...call("clone3")]], gives: root, source: "userns: Don't allow CLONE_NEWUSER | CLONE_FS" },
  { id: "CVE-2013-2094", name: "semtex", where: "kernel", needs: [call("perf_event_open")], gives: root, source: "perf: Treat attr.config as u64 in perf_swevent_init()" },
  { id: "CVE-2014-0038", where: "kernel", needs: [[{ names: ["recvmmsg"], arches: ["SCMP_ARCH_X32"] }]], gives: root, source: "x86, x32: Correct invalid use of user timespec in the kernel" },
  { id: "CVE-2014-0206", where: "kernel", needs: [call("io_setup")], gives: leak, source: "aio: fix kernel memory disclosure in io_getevents() introduced in v3.10" },
  { id: "CVE-2014-2851", where: "kernel", needs: [internet(2, 1)], gives: root, source: "net: ipv4: current group_info should be put after using." },
  { id: "CVE-2014-3153", name: "Towelroot", where: "kernel", needs: [futex(12), futex(11)], gives: root, source: "futex: Make lookup_pi_state more robust" },
  { id: "CVE-2014-3519", name: "Shocker", where: "runtime", needs: [call("open_by_handle_at")], capability: host("CAP_DAC_READ_SEARCH"), gives: "reads and writes the host's files", source: "OpenVZ advisory for CVE-2014-3519; the same call was the way out of Docker before 1.0" },
  { id: "CVE-2014-4699", where: "kernel", needs: [call("ptrace")], gives: root, source: "ptrace,x86: force IRET path after a ptrace_stop()" },
  { id: "CVE-2014-5206", where: "kernel", needs: [[{ names: ["mount"], args: [{ index: 3, value: 0x20, mask: 0x20 }] }, ...call("fspick", "mount_setattr")]], capability: anywhere("CAP_SYS_ADMIN"), gives: "makes a read-only mount writable", source: "mnt: Only change user settable mount flags in remount" },
  { id: "CVE-2014-7970", where: "kernel", needs: [call("pivot_root")], capability: anywhere("CAP_SYS_ADMIN"), gives: crash, source: "mnt: Prevent pivot_root from creating a loop in the mount tree" },
  { id: "CVE-2014-7975", where: "kernel", needs: [call("umount2", "umount")], gives: "makes the root file system read-only", source: "fs: Add a missing permission check to do_umount" },
  { id: "CVE-2014-9529", where: "kernel", needs: [call("keyctl", "add_key", "request_key")], gives: crash, source: "KEYS: close race between key lookup and freeing" },
  { id: "CVE-2015-1420", where: "kernel", needs: [call("open_by_handle_at")], capability: host("CAP_DAC_READ_SEARCH"), gives: leak, source: "vfs: read file_handle only once in handle_to_path" },
  { id: "CVE-2015-1805", name: "pipe iovec", where: "kernel", needs: [call("readv", "writev")], gives: root, source: "new helper: copy_page_from_iter()" },
  { id: "CVE-2015-3636", name: "PingPong", where: "kernel", needs: [internet(2, 1), call("connect")], gives: root, source: "ipv4: Missing sk_nulls_node_init() in ping_unhash()." },
  { id: "CVE-2015-7550", where: "kernel", needs: [withArg("keyctl", 0, 11)], gives: crash, source: "KEYS: Fix race between read and revoke" },
  { id: "CVE-2015-7613", where: "kernel", needs: [call("msgget", "shmget", "semget", "ipc")], gives: root, source: "Initialize msg/shm IPC objects before doing ipc_addid()" },
  { id: "CVE-2015-8660", name: "overlayfs setattr", where: "kernel", needs: [someMount], capability: anywhere("CAP_SYS_ADMIN"), gives: root, source: "ovl: fix permission checking for setattr" },
  { id: "CVE-2016-0728", where: "kernel", needs: [withArg("keyctl", 0, 1)], gives: root, source: "KEYS: Fix keyring ref leak in join_session_keyring()" },
  { id: "CVE-2016-3134", where: "kernel", needs: [[...option(0, 64), ...option(41, 64)]], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "netfilter: x_tables: fix unconditional helper" },
  { id: "CVE-2016-4470", where: "kernel", needs: [call("request_key")], gives: crash, source: "KEYS: potential uninitialized variable" },
  { id: "CVE-2016-4557", where: "kernel", needs: [withArg("bpf", 0, 5)], gives: root, source: "bpf: fix double-fdput in replace_map_fd_with_map_ptr()" },
  { id: "CVE-2016-4997", where: "kernel", needs: [onCompat([...option(0, 64), ...option(41, 64)])], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "netfilter: x_tables: check for bogus target offset" },
  { id: "CVE-2016-5195", name: "Dirty COW", where: "kernel", needs: [withArg("madvise", 2, 4)], gives: "writes to files that can only be read; root, also on the host", source: "mm: remove gup_flags FOLL_WRITE games from __get_user_pages()" },
  { id: "CVE-2016-7117", where: "kernel", needs: [call("recvmmsg")], gives: root, source: "net: Fix use after free in the recvmmsg exit path" },
  { id: "CVE-2016-8655", name: "chocobo_root", where: "kernel", needs: [socket(17), option(263, 10)], capability: anywhere("CAP_NET_RAW"), gives: root, source: "packet: fix race condition in packet_set_ring" },
  { id: "CVE-2016-9793", where: "kernel", needs: [option(1, 32, 33)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "net: avoid signed overflows for SO_{SND|RCV}BUFFORCE" },
  { id: "CVE-2016-10044", where: "kernel", needs: [call("io_setup")], gives: "maps executable memory past a security module", source: "aio: mark AIO pseudo-fs noexec" },
  { id: "CVE-2016-10200", where: "kernel", needs: [internet(2, 115), call("bind")], gives: root, source: "l2tp: fix racy SOCK_ZAPPED flag check in l2tp_ip{,6}_bind()" },
  { id: "CVE-2016-10229", where: "kernel", needs: [receiveFlag(2)], gives: "code from the network, where a program peeks at datagrams", source: "udp: properly support MSG_PEEK with truncated buffers" },
  { id: "CVE-2017-2636", where: "kernel", needs: [withArg("ioctl", 1, 0x5423)], gives: root, source: "tty: n_hdlc: get rid of racy n_hdlc.tbuf" },
  { id: "CVE-2017-2671", where: "kernel", needs: [internet(2, 1), call("connect")], gives: crash, source: "ping: implement proper locking" },
  { id: "CVE-2017-5123", name: "waitid", where: "kernel", needs: [call("waitid")], gives: `${root}; writes to kernel memory`, source: "waitid(): Add missing access_ok() checks" },
  { id: "CVE-2017-5226", name: "TIOCSTI", where: "runtime", needs: [withArg("ioctl", 1, 0x5412)], gives: "types commands into a terminal shared with the host", source: "bubblewrap: call setsid() before executing sandboxed code" },
  { id: "CVE-2017-6001", where: "kernel", needs: [call("perf_event_open")], gives: root, source: "perf/core: Fix concurrent sys_perf_event_open() vs. 'move_group' race" },
  { id: "CVE-2017-6074", name: "DCCP double free", where: "kernel", needs: [internet(6), option(41, 49)], gives: root, source: "dccp: fix freeing skb too early for IPV6_RECVPKTINFO" },
  { id: "CVE-2017-7184", where: "kernel", needs: [netlink(6)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "xfrm_user: validate XFRM_MSG_NEWAE XFRMA_REPLAY_ESN_VAL replay_window" },
  { id: "CVE-2017-7308", name: "packet ring", where: "kernel", needs: [socket(17), option(263, 5, 13)], capability: anywhere("CAP_NET_RAW"), gives: root, source: "net/packet: fix overflow in check for priv area size" },
  { id: "CVE-2017-7472", where: "kernel", needs: [withArg("keyctl", 0, 14)], gives: crash, source: "KEYS: fix keyctl_set_reqkey_keyring() to not leak thread keyrings" },
  { id: "CVE-2017-7487", where: "kernel", needs: [socket(4), withArg("ioctl", 1, 0x8915)], gives: root, source: "ipx: call ipxitf_put() in ioctl error path" },
  { id: "CVE-2017-7533", where: "kernel", needs: [call("inotify_add_watch"), call("rename", "renameat", "renameat2")], gives: root, source: "dentry name snapshots" },
  { id: "CVE-2017-7616", where: "kernel", needs: [[{ names: ["set_mempolicy", "mbind"], arches: compat }]], gives: leak, source: "mm/mempolicy.c: fix error handling in set_mempolicy and mbind." },
  { id: "CVE-2017-8824", where: "kernel", needs: [internet(6), call("connect")], gives: root, source: "dccp: CVE-2017-8824: use-after-free in DCCP code" },
  { id: "CVE-2017-10661", where: "kernel", needs: [call("timerfd_create"), call("timerfd_settime")], gives: root, source: "timerfd: Protect the might cancel mechanism proper" },
  { id: "CVE-2017-11176", name: "mq_notify", where: "kernel", needs: [call("mq_notify")], gives: root, source: "mqueue: fix a use-after-free in sys_mq_notify()" },
  { id: "CVE-2017-12192", where: "kernel", needs: [withArg("keyctl", 0, 11)], gives: crash, source: "KEYS: prevent KEYCTL_READ on negative key" },
  { id: "CVE-2017-14140", where: "kernel", needs: [call("move_pages")], gives: "learns where a setuid program's memory is", source: "Sanitize 'move_pages()' permission checks" },
  { id: "CVE-2017-14954", where: "kernel", needs: [call("waitid")], gives: leak, source: "fix infoleak in waitid(2)" },
  { id: "CVE-2017-15115", where: "kernel", needs: [internet(5, 132)], gives: crash, source: "sctp: do not peel off an assoc from one netns to another one" },
  { id: "CVE-2017-15299", where: "kernel", needs: [call("add_key")], gives: crash, source: "KEYS: don't let add_key() update an uninstantiated key" },
  { id: "CVE-2017-15649", name: "packet fanout", where: "kernel", needs: [socket(17), option(263, 18)], capability: anywhere("CAP_NET_RAW"), gives: root, source: "packet: in packet_do_bind, test fanout with bind_lock held" },
  { id: "CVE-2017-16995", name: "eBPF sign extension", where: "kernel", needs: [withArg("bpf", 0, 5)], gives: root, source: "bpf: fix incorrect sign extension in check_alu_op()" },
  { id: "CVE-2017-17053", where: "kernel", needs: [call("modify_ldt")], gives: root, source: "x86/mm: Fix use-after-free of ldt_struct" },
  { id: "CVE-2017-17712", where: "kernel", needs: [socket(2, 3), send], capability: anywhere("CAP_NET_RAW"), gives: root, source: "net: ipv4: fix for a race condition in raw_sendmsg" },
  { id: "CVE-2017-17805", where: "kernel", needs: [socket(38)], gives: crash, source: "crypto: salsa20 - fix blkcipher_walk API usage" },
  { id: "CVE-2017-17806", where: "kernel", needs: [socket(38)], gives: crash, source: "crypto: hmac - require that the underlying hash algorithm is unkeyed" },
  { id: "CVE-2017-18344", name: "show_timer", where: "kernel", needs: [call("timer_create")], gives: leak, source: "posix-timer: Properly check sigevent->sigev_notify" },
  { id: "CVE-2017-1000111", where: "kernel", needs: [socket(17), option(263, 12)], capability: anywhere("CAP_NET_RAW"), gives: root, source: "packet: fix tp_reserve race in packet_set_ring" },
  { id: "CVE-2018-6927", where: "kernel", needs: [futex(3, 4, 12)], gives: crash, source: "futex: Prevent overflow by strengthen input validation" },
  { id: "CVE-2018-10675", where: "kernel", needs: [call("get_mempolicy")], gives: root, source: "mm/mempolicy: fix use after free when calling get_mempolicy" },
  { id: "CVE-2018-14634", name: "Mutagen Astronomy", where: "kernel", needs: [call("execve", "execveat")], gives: root, source: "exec: Limit arg stack to at most 75% of _STK_LIM" },
  { id: "CVE-2018-18281", where: "kernel", needs: [call("mremap")], gives: root, source: "mremap: properly flush TLB before releasing the page" },
  { id: "CVE-2018-18397", where: "kernel", needs: [call("userfaultfd")], gives: "writes to files that can only be read, on memory file systems", source: "userfaultfd: use ENOENT instead of EFAULT if the atomic copy user fails" },
  { id: "CVE-2018-18955", where: "kernel", needs: [userNamespace], gives: root, source: "userns: also map extents in the reverse map to kernel IDs" },
  { id: "CVE-2018-1000199", where: "kernel", needs: [call("ptrace", "perf_event_open")], gives: root, source: "perf/hwbp: Simplify the perf-hwbp code, fix documentation" },
  { id: "CVE-2019-5736", name: "runc /proc/self/exe", where: "runtime", needs: [call("open", "openat", "openat2", "open_by_handle_at")], gives: "replaces the host's runc, from a container that runs as root", source: "runc: nsenter: clone /proc/self/exe to avoid exposing host binary to container" },
  { id: "CVE-2019-8912", where: "kernel", needs: [socket(38), call("fchown", "fchownat", "chown", "lchown")], gives: root, source: "net: crypto set sk to NULL when af_alg_release." },
  { id: "CVE-2019-8956", where: "kernel", needs: [internet(5, 132), send], gives: root, source: "sctp: walk the list of asoc safely" },
  { id: "CVE-2019-13272", name: "PTRACE_TRACEME", where: "kernel", needs: [withArg("ptrace", 0, 0)], gives: root, source: "ptrace: Fix ->ptracer_cred handling for PTRACE_TRACEME" },
  { id: "CVE-2019-15666", where: "kernel", needs: [netlink(6)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "xfrm: policy: Fix out-of-bound array accesses in __xfrm_policy_unlink" },
  { id: "CVE-2020-8835", where: "kernel", needs: [withArg("bpf", 0, 5)], gives: root, source: "bpf: Undo incorrect __reg_bound_offset32 handling" },
  { id: "CVE-2020-10757", where: "kernel", needs: [call("mremap")], gives: root, source: "mm: Fix mremap not considering huge pmd devmap" },
  { id: "CVE-2020-14386", name: "tpacket_rcv", where: "kernel", needs: [socket(17), option(263, 5)], capability: anywhere("CAP_NET_RAW"), gives: root, source: "net/packet: fix overflow in tpacket_rcv" },
  { id: "CVE-2020-15257", name: "containerd-shim", where: "runtime", needs: [socket(1), call("connect")], gives: "the runtime's own socket, where the container shares the host's network", source: "containerd advisory GHSA-36xw-fx78-c5r4" },
  { id: "CVE-2020-16119", where: "kernel", needs: [internet(6)], gives: root, source: "dccp: don't duplicate ccid when cloning dccp sock" },
  { id: "CVE-2020-27194", where: "kernel", needs: [withArg("bpf", 0, 5)], gives: root, source: "bpf: Fix scalar32_min_max_or bounds tracking" },
  { id: "CVE-2020-29660", where: "kernel", needs: [withArg("ioctl", 1, 0x5429)], gives: leak, source: "tty: Fix ->session locking" },
  { id: "CVE-2020-29661", where: "kernel", needs: [withArg("ioctl", 1, 0x5410)], gives: root, source: "tty: Fix ->pgrp locking in tiocspgrp()" },
  { id: "CVE-2021-0920", name: "unix garbage collection", where: "kernel", needs: [unixSocket, call("sendmsg", "sendmmsg"), receiveFlag(2)], gives: root, source: "af_unix: fix garbage collect vs MSG_PEEK" },
  { id: "CVE-2021-3347", where: "kernel", needs: [[...futex(6, 7, 8, 11, 12, 13)]], gives: root, source: "futex: Ensure the correct return value from futex_lock_pi()" },
  { id: "CVE-2021-3490", where: "kernel", needs: [withArg("bpf", 0, 5)], gives: root, source: "bpf: Fix alu32 const subreg bound tracking on bitwise operations" },
  { id: "CVE-2021-3491", where: "kernel", needs: [call("io_uring_setup")], gives: root, source: "io_uring: truncate lengths larger than MAX_RW_COUNT on provide buffers" },
  { id: "CVE-2021-3493", name: "overlayfs on Ubuntu", where: "kernel", needs: [someMount], capability: anywhere("CAP_SYS_ADMIN"), gives: root, source: "Ubuntu security notice USN-4917-1" },
  { id: "CVE-2021-3609", where: "kernel", needs: [socket(29, 2, 2)], gives: root, source: "can: bcm: delay release of struct bcm_op after synchronize_rcu()" },
  { id: "CVE-2021-3640", where: "kernel", needs: [socket(31)], gives: root, source: "Bluetooth: sco: Fix lock_sock() blockage by memcpy_from_msg()" },
  { id: "CVE-2021-4154", where: "kernel", needs: [call("fsopen"), withArg("fsconfig", 1, 5)], capability: anywhere("CAP_SYS_ADMIN"), gives: root, source: "cgroup: verify that source is a string" },
  { id: "CVE-2021-22555", where: "kernel", needs: [onCompat([...option(0, 64), ...option(41, 64)])], capability: anywhere("CAP_NET_ADMIN"), gives: `${root}; shown on a Kubernetes cluster`, source: "netfilter: x_tables: fix compat match/target pad out-of-bound write" },
  { id: "CVE-2021-22600", where: "kernel", needs: [socket(17), option(263, 5, 13)], capability: anywhere("CAP_NET_RAW"), gives: root, source: "net/packet: rx_owner_map depends on pg_vec" },
  { id: "CVE-2021-23134", where: "kernel", needs: [socket(39)], capability: anywhere("CAP_NET_RAW"), gives: root, source: "net/nfc: fix use-after-free llcp_sock_bind/connect" },
  { id: "CVE-2021-26708", name: "vsock", where: "kernel", needs: [socket(40), option(40, 0, 1, 2)], gives: root, source: "vsock: fix the race conditions in multi-transport support" },
  { id: "CVE-2021-27365", where: "kernel", needs: [netlink(8)], gives: root, source: "scsi: iscsi: Ensure sysfs attributes are limited to PAGE_SIZE" },
  { id: "CVE-2021-29154", where: "kernel", needs: [withArg("bpf", 0, 5)], gives: root, source: "bpf, x86: Validate computation of branch displacements for x86-64" },
  { id: "CVE-2021-31440", where: "kernel", needs: [withArg("bpf", 0, 5)], gives: root, source: "bpf: Fix propagation of 32 bit unsigned bounds from 64 bit bounds" },
  { id: "CVE-2021-32606", where: "kernel", needs: [socket(29, 2, 6), option(106, 1, 2, 3, 4, 5, 6)], gives: root, source: "can: isotp: prevent race between isotp_bind() and isotp_setsockopt()" },
  { id: "CVE-2021-33909", name: "Sequoia", where: "kernel", needs: [someMount, call("mkdir", "mkdirat")], capability: anywhere("CAP_SYS_ADMIN"), gives: root, source: "seq_file: disallow extremely large seq buffer allocations" },
  { id: "CVE-2021-34693", where: "kernel", needs: [socket(29, 2, 2)], gives: leak, source: "can: bcm: fix infoleak in struct bcm_msg_head" },
  { id: "CVE-2021-34866", where: "kernel", needs: [withArg("bpf", 0, 5)], gives: root, source: "bpf: Fix ringbuf helper function compatibility" },
  { id: "CVE-2021-41073", where: "kernel", needs: [call("io_uring_setup")], gives: root, source: "io_uring: ensure symmetry in handling iter types in loop_rw_iter()" },
  { id: "CVE-2021-42008", name: "6pack", where: "kernel", needs: [withArg("ioctl", 1, 0x5423)], capability: host("CAP_NET_ADMIN"), gives: root, source: "net: 6pack: fix slab-out-of-bounds in decode_data" },
  { id: "CVE-2022-0185", name: "fsconfig", where: "kernel", needs: [call("fsopen", "fspick"), call("fsconfig")], capability: anywhere("CAP_SYS_ADMIN"), gives: `${root}; shown on a Kubernetes cluster`, source: "vfs: fs_context: fix up param length parsing in legacy_parse_param" },
  { id: "CVE-2022-0492", name: "release_agent", where: "kernel", needs: [someMount], capability: anywhere("CAP_SYS_ADMIN"), gives: "runs a program on the host", source: "cgroup-v1: Require capabilities to set release_agent" },
  { id: "CVE-2022-0847", name: "Dirty Pipe", where: "kernel", needs: [call("splice", "sendfile")], gives: "writes to files that can only be read; root, also on the host", source: "lib/iov_iter: initialize \"flags\" in new pipe_buffer" },
  { id: "CVE-2022-0995", name: "watch_queue", where: "kernel", needs: [[flag("pipe2", 1, 0x80)], withArg("ioctl", 1, 0x5761)], gives: root, source: "watch_queue: Fix filter limit check" },
  { id: "CVE-2022-1015", where: "kernel", needs: [netlink(12)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "netfilter: nf_tables: validate registers coming from userspace." },
  { id: "CVE-2022-1786", where: "kernel", needs: [call("io_uring_setup")], gives: root, source: "io_uring: remove io_identity" },
  { id: "CVE-2022-2585", where: "kernel", needs: [call("timer_create"), call("execve", "execveat")], gives: root, source: "posix-cpu-timers: Cleanup CPU timers before freeing them during exec" },
  { id: "CVE-2022-2586", where: "kernel", needs: [netlink(12)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "netfilter: nf_tables: do not allow SET_ID to refer to another table" },
  { id: "CVE-2022-2588", name: "DirtyCred", where: "kernel", needs: [netlink(0)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "net_sched: cls_route: remove from list when handle is 0" },
  { id: "CVE-2022-2602", where: "kernel", needs: [call("io_uring_setup"), unixSocket], gives: root, source: "io_uring/af_unix: defer registered files gc to io_uring release" },
  { id: "CVE-2022-2639", where: "kernel", needs: [netlink(16)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "openvswitch: fix OOB access in reserve_sfa_size()" },
  { id: "CVE-2022-23222", where: "kernel", needs: [withArg("bpf", 0, 5)], gives: root, source: "bpf: Replace PTR_TO_XXX_OR_NULL with PTR_TO_XXX | PTR_MAYBE_NULL" },
  { id: "CVE-2022-24122", where: "kernel", needs: [userNamespace], gives: root, source: "ucount:  Make get_ucount a safe get_user replacement" },
  { id: "CVE-2022-25636", where: "kernel", needs: [netlink(12)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "netfilter: nf_tables_offload: incorrect flow offload action array size" },
  { id: "CVE-2022-27666", where: "kernel", needs: [[...netlink(6), ...socket(15)]], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "esp: Fix possible buffer overflow in ESP transformation" },
  { id: "CVE-2022-29581", where: "kernel", needs: [netlink(0)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "net/sched: cls_u32: fix netns refcount changes in u32_change()" },
  { id: "CVE-2022-29582", where: "kernel", needs: [call("io_uring_setup")], gives: root, source: "io_uring: fix race between timeout flush and removal" },
  { id: "CVE-2022-30594", where: "kernel", needs: [[{ names: ["ptrace"], args: [{ index: 0, value: 0x4206 }, { index: 3, value: 0x20_0000, mask: 0x20_0000 }] }]], gives: "switches the seccomp filter of another process off", source: "ptrace: Check PTRACE_O_SUSPEND_SECCOMP permission on PTRACE_SEIZE" },
  { id: "CVE-2022-32250", where: "kernel", needs: [netlink(12)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "netfilter: nf_tables: disallow non-stateful expression in sets earlier" },
  { id: "CVE-2022-34918", where: "kernel", needs: [netlink(12)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "netfilter: nf_tables: stricter validation of element data" },
  { id: "CVE-2022-41222", where: "kernel", needs: [call("mremap")], gives: root, source: "mm/mremap: hold the rmap lock in write mode when moving page table entries." },
  { id: "CVE-2023-0179", where: "kernel", needs: [netlink(12)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "netfilter: nft_payload: incorrect arithmetics when fetching VLAN header bits" },
  { id: "CVE-2023-0386", name: "overlayfs copy up", where: "kernel", needs: [someMount], capability: anywhere("CAP_SYS_ADMIN"), gives: root, source: "ovl: fail on invalid uid/gid mapping at copy up" },
  { id: "CVE-2023-0461", where: "kernel", needs: [option(6, 31), call("listen")], gives: root, source: "net/ulp: prevent ULP without clone op from entering the LISTEN status" },
  { id: "CVE-2023-1281", where: "kernel", needs: [netlink(0)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "net/sched: tcindex: update imperfect hash filters respecting rcu" },
  { id: "CVE-2023-2163", where: "kernel", needs: [withArg("bpf", 0, 5)], gives: root, source: "bpf: Fix incorrect verifier pruning due to missing register precision taints" },
  { id: "CVE-2023-2235", where: "kernel", needs: [call("perf_event_open")], gives: root, source: "perf: Fix check before add_event_to_groups() in perf_group_detach()" },
  { id: "CVE-2023-2598", where: "kernel", needs: [call("io_uring_setup"), withArg("io_uring_register", 1, 0, 15, 16)], gives: `${root}; reads and writes physical memory`, source: "io_uring/rsrc: check for nonconsecutive pages" },
  { id: "CVE-2023-3389", where: "kernel", needs: [call("io_uring_setup")], gives: root, source: "io_uring: mutex locked poll hashing" },
  { id: "CVE-2023-3390", where: "kernel", needs: [netlink(12)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "netfilter: nf_tables: incorrect error path handling with NFT_MSG_NEWRULE" },
  { id: "CVE-2023-3609", where: "kernel", needs: [netlink(0)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "net/sched: cls_u32: Fix reference counter leak leading to overflow" },
  { id: "CVE-2023-3776", where: "kernel", needs: [netlink(0)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "net/sched: cls_fw: Fix improper refcount update leads to use-after-free" },
  { id: "CVE-2023-4004", where: "kernel", needs: [netlink(12)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "netfilter: nft_set_pipapo: fix improper element removal" },
  { id: "CVE-2023-4622", where: "kernel", needs: [unixSocket, call("splice", "sendfile")], gives: root, source: "unix: Convert unix_stream_sendpage() to use MSG_SPLICE_PAGES" },
  { id: "CVE-2023-4921", where: "kernel", needs: [netlink(0)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "net: sched: sch_qfq: Fix UAF in qfq_dequeue()" },
  { id: "CVE-2023-5717", where: "kernel", needs: [call("perf_event_open")], gives: root, source: "perf: Disallow mis-matched inherited group reads" },
  { id: "CVE-2023-6546", where: "kernel", needs: [withArg("ioctl", 1, 0x5423), withArg("ioctl", 1, 0x404c_4701)], gives: root, source: "tty: n_gsm: fix the UAF caused by race condition in gsm_cleanup_mux" },
  { id: "CVE-2023-28100", name: "TIOCLINUX", where: "runtime", needs: [withArg("ioctl", 1, 0x541c)], gives: "types commands into a virtual console shared with the host", source: "flatpak advisory GHSA-7qpw-3vjv-xrqp" },
  { id: "CVE-2023-31248", where: "kernel", needs: [netlink(12)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "netfilter: nf_tables: do not ignore genmask when looking up chain by id" },
  { id: "CVE-2023-31436", where: "kernel", needs: [netlink(0)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "net/sched: sch_qfq: prevent slab-out-of-bounds in qfq_activate_agg" },
  { id: "CVE-2023-32233", where: "kernel", needs: [netlink(12)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "netfilter: nf_tables: deactivate anonymous set from preparation phase" },
  { id: "CVE-2023-35001", where: "kernel", needs: [netlink(12)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "netfilter: nf_tables: prevent OOB access in nft_byteorder_eval" },
  { id: "CVE-2024-0582", where: "kernel", needs: [call("io_uring_setup"), withArg("io_uring_register", 1, 22)], gives: root, source: "io_uring/kbuf: defer release of mapped buffer rings" },
  { id: "CVE-2024-1086", name: "Flipping Pages", where: "kernel", needs: [netlink(12)], capability: anywhere("CAP_NET_ADMIN"), gives: root, source: "netfilter: nf_tables: reject QUEUE/DROP verdict parameters" },
  { id: "CVE-2024-21626", name: "Leaky Vessels", where: "runtime", needs: [call("open", "openat", "openat2", "chdir")], gives: "the host's file system, through a directory that runc left open", source: "runc advisory GHSA-xr7r-f8xq-vfvv" },
  { id: "CVE-2025-38236", where: "kernel", needs: [unixSocket, sendFlag(1)], gives: `${root}; shown from inside of a browser's sandbox`, source: "af_unix: Don't leave consecutive consumed OOB skbs." },
  { id: "CVE-2025-38352", where: "kernel", needs: [call("timer_create", "clock_nanosleep")], gives: root, source: "posix-cpu-timers: fix race between handle_posix_cpu_timers() and posix_cpu_timer_del()" },
  { id: "CVE-2026-31431", name: "Copy Fail", where: "kernel", needs: [socket(38)], gives: "writes to files that can only be read; root, also in other containers", source: "crypto: algif_aead - Revert to operating out-of-place" },
];

/** What a capability that may be had in a user namespace needs first, where the container was not given it. */
export const userNamespaceCalls: readonly RequiredCall[] = userNamespace;
