import type { ArgIndex } from "../seccomp/index.ts";

/** Calls that do the same. Denying only one of them denies nothing. */
export interface SiblingRow {
  readonly names: readonly string[];
  /**
   * Calls that do the same too, but whose own denial has a purpose. No filter sees clone3's flags, because they are in
   * memory. If clone3 is denied, libraries use clone.
   */
  readonly alsoOpen?: readonly string[];
  readonly does: string;
  readonly source: string;
}

/** tables/descriptions.ts has the calls for other widths of numbers (chown32). */
export const siblingRows: readonly SiblingRow[] = [
  { names: ["chmod", "fchmod", "fchmodat", "fchmodat2"], does: "change a file's mode", source: "chmod(2)" },
  { names: ["chown", "lchown", "fchown", "fchownat"], does: "change a file's owner", source: "chown(2)" },
  { names: ["execve", "execveat"], does: "execute a program", source: "execveat(2)" },
  { names: ["fork", "vfork", "clone"], alsoOpen: ["clone3"], does: "make a process", source: "clone(2)" },
  { names: ["open", "openat", "openat2"], does: "open a file", source: "open(2)" },
  { names: ["mkdir", "mkdirat"], does: "make a directory", source: "mkdir(2)" },
  { names: ["mknod", "mknodat"], does: "make a device node", source: "mknod(2)" },
  { names: ["rename", "renameat", "renameat2"], does: "rename a file", source: "rename(2)" },
  { names: ["link", "linkat"], does: "make a hard link", source: "link(2)" },
  { names: ["symlink", "symlinkat"], does: "make a symbolic link", source: "symlink(2)" },
  { names: ["unlink", "unlinkat"], does: "remove a file", source: "unlink(2)" },
  { names: ["rmdir", "unlinkat"], does: "remove a directory", source: "unlink(2)" },
  { names: ["mount", "move_mount"], does: "attach a file system", source: "move_mount(2)" },
  { names: ["umount", "umount2"], does: "detach a file system", source: "umount(2)" },
  {
    names: ["kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"],
    does: "send a signal to a process",
    source: "tkill(2), rt_sigqueueinfo(2), pidfd_send_signal(2)",
  },
  { names: ["ptrace", "process_vm_writev"], does: "write another process's memory", source: "process_vm_readv(2)" },
  { names: ["init_module", "finit_module"], does: "load a kernel module", source: "init_module(2)" },
  { names: ["kexec_load", "kexec_file_load"], does: "load another kernel", source: "kexec_load(2)" },
  {
    names: ["stime", "settimeofday", "clock_settime", "adjtimex", "clock_adjtime"],
    does: "set the clock",
    source: "settimeofday(2), clock_settime(2), adjtimex(2)",
  },
  { names: ["setuid", "setreuid", "setresuid"], does: "become another user", source: "setresuid(2)" },
  { names: ["setgid", "setregid", "setresgid"], does: "become another group", source: "setresgid(2)" },
  {
    names: ["setxattr", "lsetxattr", "fsetxattr", "setxattrat"],
    does: "set an extended attribute",
    source: "setxattr(2)",
  },
  { names: ["truncate", "ftruncate"], does: "cut a file", source: "truncate(2)" },
  { names: ["sendto", "sendmsg", "sendmmsg"], does: "send a message", source: "send(2)" },
  { names: ["recvfrom", "recvmsg", "recvmmsg"], does: "receive a message", source: "recv(2)" },
  { names: ["accept", "accept4"], does: "accept a connection", source: "accept(2)" },
];

/**
 * Calls that do the same if one of their arguments is the same. Denying some values in one of them denies nothing if
 * another call takes those values.
 */
export interface ArgumentSiblings {
  /** The index of the argument. `undefined` if it is in memory, where no filter sees it. */
  readonly calls: readonly (readonly [name: string, index: ArgIndex | "clone flags" | undefined])[];
  /** Only values with these bits are meant. `undefined` if all are. */
  readonly bits?: bigint;
  readonly does: string;
  readonly source: string;
}

export const argumentSiblings: readonly ArgumentSiblings[] = [
  {
    calls: [
      ["clone", "clone flags"],
      ["unshare", 0],
      ["clone3", undefined],
    ],
    // CLONE_NEWTIME and the flags of the other namespaces.
    bits: 0x7e02_0080n,
    does: "make the same namespaces",
    source: "clone(2), unshare(2)",
  },
  {
    calls: [
      ["mprotect", 2],
      ["pkey_mprotect", 2],
    ],
    does: "give memory the same protection",
    source: "mprotect(2)",
  },
  {
    calls: [
      ["kill", 1],
      ["tkill", 1],
      ["tgkill", 2],
      ["rt_sigqueueinfo", 1],
      ["rt_tgsigqueueinfo", 2],
      ["pidfd_send_signal", 1],
    ],
    does: "send the same signal",
    source: "tkill(2), rt_sigqueueinfo(2), pidfd_send_signal(2)",
  },
  {
    calls: [
      ["chmod", 1],
      ["fchmod", 1],
      ["fchmodat", 2],
      ["fchmodat2", 2],
    ],
    does: "set the same mode",
    source: "chmod(2)",
  },
  {
    calls: [
      ["mknod", 1],
      ["mknodat", 2],
    ],
    does: "make the same node",
    source: "mknod(2)",
  },
  {
    calls: [
      ["open", 1],
      ["openat", 2],
      ["openat2", undefined],
    ],
    does: "open with the same flags",
    source: "open(2), openat2(2)",
  },
];
