import type { ScmpArch } from "../tables/index.ts";
import type { CodeEvidence } from "./code.ts";

/** The format's version. Readers refuse newer ones. */
export const recordingVersion = 1;

/**
 * What a workload was seen to do. It is plain JSON, can be merged, and has none of the workload's data: no argv, no
 * environment, no paths. The order of keys and values is canonical, so the same behaviour gives the same bytes.
 */
export interface Recording {
  readonly version: typeof recordingVersion;
  readonly name: string;
  /** The different ways in which it was recorded, sorted by canonical JSON. */
  readonly runs: readonly Run[];
  /** Syscalls by libseccomp's names, sorted, for each architecture. */
  readonly syscalls: { readonly [arch in ScmpArch]?: { readonly [name: string]: SyscallRecord } };
  /** What the programs' own code can make. Absent if nobody read their files (older recordings, `--no-reach`). */
  readonly code?: CodeEvidence;
}

/** One way of recording. Two runs with the same members count as one run. */
export interface Run {
  /**
   * `container`: record -- docker run …; `host`: record -- CMD; `log`: strace logs made elsewhere; `verify`: calls that
   * verify found missing and a user accepted; `audit`: the kernel's own log.
   */
  readonly source: "container" | "host" | "log" | "verify" | "audit";
  /**
   * The redacted command: names of options, and only the values that matter to seccomp. Empty if no command started a
   * container: logs, hosts, the kernel's log.
   */
  readonly command: readonly string[];
  readonly image?: { readonly reference: string; readonly digest: string };
  /**
   * Such as { strace: "6.1", engine: "20.10.24", runtime: "runc 1.1.5", kernel: "6.18", libseccomp: "2.5.4" }. Unknown
   * versions are absent.
   */
  readonly versions: { readonly [part in "strace" | "engine" | "runtime" | "kernel" | "libseccomp"]?: string };
  /** The container's bounding set, sorted (`CAP_CHOWN`, …). Absent if unknown. */
  readonly capabilities?: readonly string[];
  readonly noNewPrivileges?: boolean;
  /**
   * An init process of the engine (`docker run --init`) starts the workload. It is under the profile, but not in the
   * trace.
   */
  readonly init?: true;
  /** Calls that every profile allows were not traced (`record --lean`). So their absence says nothing. */
  readonly lean?: true;
  /**
   * The log does not show how its program started: strace was attached later, traced only other calls, or the log's
   * head is missing.
   */
  readonly withoutStart?: true;
  /**
   * A digest of the calls that this run saw, without counts. It tells this run from other runs of the same command.
   * Absent if unknown (raw logs, older files).
   */
  readonly saw?: string;
  /**
   * How the trace ended: the workload exited, seccomp-gen stopped it, or the trace breaks off (then more may be
   * missing).
   */
  readonly ended: "exited" | "stopped" | "cut";
}

/**
 * The phases of a workload's life, in order. `start` lasts until the workload takes its first connection (accept(2)).
 * Then comes `serve`. `stop` begins when the workload's first process gets the stop signal. Events in the trace mark
 * the phases, not a clock, so another recording finds the same phases.
 */
export const phases = ["start", "serve", "stop"] as const;
export type Phase = (typeof phases)[number];

/** One syscall on one architecture. */
export interface SyscallRecord {
  /** Order of magnitude of the number of calls: 1, 10, 100 … (10 means 10 to 99). A merge takes the maximum. */
  readonly calls: number;
  /** `ok`, errno names, `SIGSYS` (a filter killed or trapped it). Sorted. `?` alone means that no call returned. */
  readonly results: readonly string[];
  /** Base names of the programs that made the call, sorted. `?` if the log does not show the program. */
  readonly processes: readonly string[];
  /**
   * The phase in which the call was first seen. Absent if unknown (raw logs, workloads without such phases, older
   * files). A merge takes the earliest.
   */
  readonly first?: Phase;
  /** The values of the inspected scalar arguments (see inspected-arguments.ts). Absent if none is inspected. */
  readonly args?: ArgValues;
}

/**
 * The distinct value tuples of the inspected arguments, sorted numerically. `indices` [0, 2] and `values` [[2, 0], [16,
 * 15]] mean that (args[0], args[2]) was (2, 0) and (16, 15). Values are uint64 as strace shows them (32-bit arguments:
 * the low 32 bits). `many`: more than `maxValues` distinct tuples, or a log without arguments. Then nothing can be
 * pinned.
 */
export interface ArgValues {
  readonly indices: readonly number[];
  readonly values: readonly ArgTuple[] | "many";
  /**
   * For each tuple, the programs that made the call with it, sorted. A list is empty if they are unknown (older files).
   * Absent if one program made all of the calls, if no tuple's programs are known, and for `many`.
   */
  readonly by?: readonly (readonly string[])[];
}

/** The inspected arguments of one call. `null` is an argument that could not be read. */
export type ArgTuple = readonly (bigint | null)[];

/** True if all inspected arguments of the call could be read. */
export function isRead(tuple: ArgTuple): tuple is readonly bigint[] {
  return tuple.every((value) => value !== null);
}

/** At most this many distinct tuples are told apart. */
export const maxValues = 64;
