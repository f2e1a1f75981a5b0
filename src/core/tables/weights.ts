import { describeSyscall } from "./descriptions.ts";
import { exposureOf } from "./exposures.ts";
import type { Subsystem } from "./subsystems.ts";

/**
 * The price of allowing a call that no recording saw. `ordinary`: denying it protects nothing, and breaks a program
 * that makes it. `weighty`: it opens a part of the kernel that most programs never enter. `dangerous`: attackers look
 * for it.
 */
export type Weight = "ordinary" | "weighty" | "dangerous";

export interface WeightRow {
  readonly weight: "ordinary" | "weighty";
  readonly reason: string;
}

/** The weight by the part of the kernel that a call enters. A call's exposure or its row in `byCall` overrides it. */
const bySubsystem: { readonly [subsystem in Subsystem]: WeightRow } = {
  files: {
    weight: "ordinary",
    reason: "reads and writes files that the program may open anyway",
  },
  metadata: {
    weight: "ordinary",
    reason: "permissions and mounts decide what a program may look up, rename or remove",
  },
  events: {
    weight: "ordinary",
    reason: "waits for descriptors that the program already has",
  },
  memory: {
    weight: "ordinary",
    reason: "changes the program's own address space, which it controls anyway",
  },
  processes: {
    weight: "ordinary",
    reason: "starts, ends and awaits the program's own children; limits on them stay in force",
  },
  scheduling: {
    weight: "ordinary",
    reason: "asks for scheduling; the kernel's limits decide",
  },
  threads: {
    weight: "ordinary",
    reason: "every libc makes these calls whenever it needs them",
  },
  signals: {
    weight: "ordinary",
    reason: "permissions and the process namespace decide whom a signal reaches",
  },
  time: {
    weight: "ordinary",
    reason: "programs, interpreters and tests wait for timers, and hang without them",
  },
  identity: {
    weight: "ordinary",
    reason: "capabilities decide which identity a program may take; most programs only give rights up",
  },
  network: {
    weight: "ordinary",
    reason:
      "acts on sockets of the families that socket's pins allow; the network's policy decides who can " + "be reached",
  },
  system: {
    weight: "ordinary",
    reason: "asks what machine this is",
  },
  ipc: {
    weight: "weighty",
    reason: "System V IPC and message queues are a subsystem of their own, with vulnerabilities of their own",
  },
  aio: {
    weight: "weighty",
    reason: "the kernel's old asynchronous I/O had vulnerabilities, and few programs use it",
  },
  mounts: {
    weight: "weighty",
    reason: "looks at or changes what is mounted",
  },
  namespaces: {
    weight: "weighty",
    reason: "namespaces give capabilities over themselves",
  },
  keys: {
    weight: "weighty",
    reason: "kernel keyrings are shared beyond the container",
  },
  tracing: {
    weight: "weighty",
    reason: "looks into other processes or into the kernel",
  },
  bpf: {
    weight: "weighty",
    reason: "loads programs into the kernel",
  },
  io_uring: {
    weight: "weighty",
    reason: "works past the filter",
  },
  sandboxing: {
    weight: "weighty",
    reason: "a program that builds a sandbox does so in its recording",
  },
  devices: {
    weight: "weighty",
    reason: "drivers differ in quality",
  },
  modules: {
    weight: "weighty",
    reason: "loads code into the kernel",
  },
  architecture: {
    weight: "weighty",
    reason: "entry points of single processors are little tested",
  },
  unimplemented: {
    weight: "weighty",
    reason: "no current kernel has it",
  },
};

/** Calls whose weight differs from that of their part of the kernel. */
const byCall: readonly (WeightRow & { readonly names: readonly string[] })[] = [
  {
    names: ["pipe", "pipe2"],
    weight: "ordinary",
    reason: "joins two descriptors of the program's own",
  },
  {
    names: ["arch_prctl", "set_thread_area", "get_thread_area"],
    weight: "ordinary",
    reason: "every libc sets its thread's pointer with it",
  },
  {
    names: ["recvmmsg", "recvmmsg_time64"],
    weight: "weighty",
    reason: "few programs take several messages at once, and the loop behind it had vulnerabilities",
  },
  {
    names: ["execveat"],
    weight: "weighty",
    reason: "executes a file that has no path",
  },
  {
    names: ["adjtimex", "clock_adjtime", "clock_adjtime64"],
    weight: "weighty",
    reason: "adjusts the machine's clock",
  },
  {
    names: ["process_mrelease", "set_mempolicy_home_node", "memfd_secret"],
    weight: "weighty",
    reason: "rarely used memory management with past vulnerabilities",
  },
  {
    names: ["sethostname", "setdomainname"],
    weight: "weighty",
    reason: "renames the machine",
  },
  {
    names: ["sysfs", "ustat", "uselib"],
    weight: "weighty",
    reason: "obsolete, and its code is hardly tested",
  },
];

const rowByCall: ReadonlyMap<string, WeightRow> = new Map(
  byCall.flatMap((row) => row.names.map((name) => [name, row] as const)),
);

/** The price of allowing this call, and why. A name that no table knows is weighty. */
export function weigh(syscall: string): { readonly weight: Weight; readonly reason: string } {
  const exposure = exposureOf(syscall);
  if (exposure !== undefined)
    return { weight: exposure.level === "danger" ? "dangerous" : "weighty", reason: exposure.reason };
  const subsystem = describeSyscall(syscall)?.subsystem;
  return (
    rowByCall.get(syscall) ??
    (subsystem === undefined ? { weight: "weighty", reason: "no table knows this call" } : bySubsystem[subsystem])
  );
}
