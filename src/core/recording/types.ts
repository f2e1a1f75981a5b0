import type { ScmpArch } from "../tables/index.ts";
import type { CodeEvidence } from "./code.ts";

/** The format's version. Readers refuse newer ones. */
export const recordingVersion = 1;

/**
 * What a workload was seen to do. Plain JSON, mergeable, free of the workload's data: no argv, no
 * environment, no paths. Key order and value order are canonical, so that the same behaviour gives
 * the same bytes.
 */
export interface Recording {
  readonly version: typeof recordingVersion;
  readonly name: string;
  /** Each distinct way it was recorded, once, sorted by canonical JSON. */
  readonly runs: readonly Run[];
  /** Per architecture, per syscall (libseccomp's names, sorted). */
  readonly syscalls: { readonly [arch in ScmpArch]?: { readonly [name: string]: SyscallRecord } };
  /**
   * What the programs' own code can make. Absent if their files were not read (older recordings,
   * `--no-reach`).
   */
  readonly code?: CodeEvidence;
}

/** One way of recording. Two runs that say the same are the same run. */
export interface Run {
  /**
   * `container`: record -- docker run …; `host`: record -- CMD; `log`: strace logs made elsewhere;
   * `verify`: calls that verify found missing and somebody accepted; `audit`: the kernel's own log.
   */
  readonly source: "container" | "host" | "log" | "verify" | "audit";
  /**
   * The redacted command: option names, and values only where they bear on seccomp. Empty where no
   * container was started by a command: logs, hosts, the kernel's log.
   */
  readonly command: readonly string[];
  readonly image?: { readonly reference: string; readonly digest: string };
  /**
   * e.g. { strace: "6.1", engine: "20.10.24", runtime: "runc 1.1.5", kernel: "6.18", libseccomp:
   * "2.5.4" }; what is unknown is absent.
   */
  readonly versions: { readonly [part in "strace" | "engine" | "runtime" | "kernel" | "libseccomp"]?: string };
  /** The container's bounding set, sorted (`CAP_CHOWN`, …). Absent: unknown. */
  readonly capabilities?: readonly string[];
  readonly noNewPrivileges?: boolean;
  /**
   * An init process of the engine (`docker run --init`) starts the workload; it is under the
   * profile, but outside of the trace.
   */
  readonly init?: true;
  /**
   * Calls that every profile allows were not traced (`record --lean`), so their absence says
   * nothing.
   */
  readonly lean?: true;
  /**
   * The log does not hold how its program started: strace was attached later or traced only other
   * calls, or the log's head is missing.
   */
  readonly withoutStart?: true;
  /**
   * A digest of the calls that this run saw, without counts. It tells this run from other runs of
   * the same command. Absent if unknown (raw logs, older files).
   */
  readonly saw?: string;
  /**
   * How the trace ended: the workload exited, was stopped by us, or the trace breaks off (then more
   * may be missing).
   */
  readonly ended: "exited" | "stopped" | "cut";
}

/**
 * The phases of a workload's life, in order: `start` until it takes its first connection
 * (accept(2)), `serve` from then on, `stop` from when its first process gets the stop signal. They
 * are read from the trace, not from a clock, so that recording again finds the same.
 */
export const phases = ["start", "serve", "stop"] as const;
export type Phase = (typeof phases)[number];

/** One syscall on one architecture. */
export interface SyscallRecord {
  /**
   * Order of magnitude of the number of calls: 1, 10, 100 … (10 means 10 to 99). Merges by maximum.
   */
  readonly calls: number;
  /**
   * `ok`, errno names, `SIGSYS` (a filter killed or trapped it); sorted. `?` alone: no call returned.
   */
  readonly results: readonly string[];
  /** Base names of the programs that made the call, sorted. `?` where the log does not tell. */
  readonly processes: readonly string[];
  /**
   * When it was first seen. Absent: unknown (raw logs, workloads that have no such phases, older
   * files). Merges to the earliest.
   */
  readonly first?: Phase;
  /**
   * Values of the inspected scalar arguments (see inspected-arguments.ts); absent where
   * none is inspected.
   */
  readonly args?: ArgValues;
}

/**
 * Distinct value tuples of the inspected arguments, sorted numerically: `indices` [0, 2] and
 * `values` [[2, 0], [16, 15]] mean (args[0], args[2]) was (2, 0) and (16, 15). Values are uint64 as
 * strace shows them (32-bit arguments: the low 32 bits). `many`: more than `maxValues` distinct
 * tuples, or a log without arguments; nothing can be pinned.
 */
export interface ArgValues {
  readonly indices: readonly number[];
  readonly values: readonly ArgTuple[] | "many";
  /**
   * For each tuple the programs that made the call so, sorted. An empty list if they are unknown
   * (older files). Absent if one program made all of the calls, if the programs of no tuple are
   * known, and for `many`.
   */
  readonly by?: readonly (readonly string[])[];
}

/** The inspected arguments of one call. `null`: an argument that could not be read. */
export type ArgTuple = readonly (bigint | null)[];

/** A call whose inspected arguments could all be read. */
export function isRead(tuple: ArgTuple): tuple is readonly bigint[] {
  return tuple.every((value) => value !== null);
}

/** More distinct tuples than this are not told apart. */
export const maxValues = 64;
