/** The part of the kernel that a syscall enters. */
export type Subsystem =
  | "files"
  | "metadata"
  | "mounts"
  | "events"
  | "memory"
  | "processes"
  | "scheduling"
  | "threads"
  | "signals"
  | "time"
  | "identity"
  | "network"
  | "ipc"
  | "namespaces"
  | "keys"
  | "tracing"
  | "bpf"
  | "io_uring"
  | "aio"
  | "sandboxing"
  | "devices"
  | "system"
  | "modules"
  | "architecture"
  | "unimplemented";

/** A subsystem's name, and what an attacker can reach through it. */
export interface SubsystemText {
  readonly title: string;
  readonly exposes: string;
}

/** Subsystems in the order in which output lists them: first what every program does, last what few programs do. */
export const subsystems: { readonly [subsystem in Subsystem]: SubsystemText } = {
  files: {
    title: "Files",
    exposes: "the file systems that are mounted in the container, and the page cache",
  },
  metadata: {
    title: "Names, owners, attributes",
    exposes: "the directories and attributes of the file systems mounted in the container",
  },
  memory: {
    title: "Memory",
    exposes: "the kernel's memory management, which has had races",
  },
  processes: {
    title: "Processes",
    exposes: "starting and ending programs inside the container",
  },
  threads: {
    title: "Threads and locks",
    exposes: "futexes and what a libc needs for threads",
  },
  scheduling: {
    title: "Scheduling",
    exposes: "which CPU runs a thread, and when",
  },
  signals: {
    title: "Signals",
    exposes: "signals within the container's process namespace",
  },
  time: {
    title: "Time",
    exposes: "clocks and timers",
  },
  events: {
    title: "Waiting for events",
    exposes: "polling, and descriptors made for it",
  },
  network: {
    title: "Network",
    exposes: "the network stack: every protocol whose socket can be made",
  },
  ipc: {
    title: "Pipes, queues, shared memory",
    exposes: "pipes, and System V and POSIX queues of the container's own namespace",
  },
  identity: {
    title: "Users and capabilities",
    exposes: "a change of user or capabilities, within what the container was given",
  },
  system: {
    title: "System information",
    exposes: "facts and settings of the whole machine",
  },
  devices: {
    title: "Devices",
    exposes: "drivers, each by its own requests",
  },
  sandboxing: {
    title: "Sandboxing",
    exposes: "nothing new: a program gives up its own rights",
  },
  aio: {
    title: "Asynchronous I/O",
    exposes: "the older interface for asynchronous reading and writing",
  },
  io_uring: {
    title: "io_uring",
    exposes: "a second way into files and network that no syscall filter sees",
  },
  tracing: {
    title: "Tracing",
    exposes: "the memory and registers of other processes, and the kernel's counters",
  },
  keys: {
    title: "Keys",
    exposes: "the kernel's keyrings, which are not namespaced",
  },
  bpf: {
    title: "BPF",
    exposes: "programs that run in the kernel, and the verifier that must keep them harmless",
  },
  namespaces: {
    title: "Namespaces",
    exposes: "new namespaces: in a user namespace a process has every capability",
  },
  mounts: {
    title: "Mounts",
    exposes: "what is mounted where, and the parsers of file systems' options",
  },
  modules: {
    title: "The running kernel",
    exposes: "the kernel itself: modules, another kernel, the machine's power",
  },
  architecture: {
    title: "Architecture",
    exposes: "calls of one family of processors only",
  },
  unimplemented: {
    title: "Not implemented",
    exposes: "nothing: today's Linux has no code behind this name",
  },
};
