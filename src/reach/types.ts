/**
 * What this folder takes and gives. The way of the data:
 *
 *     bytes ─ analyzeObject ─▶ ObjectSummary (one a file; cache it by build-id) ─ reachOf ─▶ Reach (one a program)
 */

/** Architectures whose code is read. */
export type Machine = "x86-64" | "aarch64";

/** What is known of one ELF file's code, or why nothing is. Plain JSON. */
export type ObjectSummary = CodeSummary | Unsupported;

export interface Unsupported {
  readonly kind: "unsupported";
  readonly version: number;
  /** In words a user may read: "32-bit", "not an ELF file". */
  readonly reason: string;
}

export interface CodeSummary {
  readonly kind: "code";
  /** `summaryVersion` of the module that wrote it. Another version's summary is to be made anew. */
  readonly version: number;
  readonly machine: Machine;
  /** Hexadecimal. Absent if the file has none. */
  readonly buildId?: string;
  readonly soname?: string;
  /** DT_NEEDED, in their order. */
  readonly needed: readonly string[];
  /** PT_INTERP: the dynamic linker. */
  readonly interpreter?: string;
  /** The file holds Go code (it has Go's function table). */
  readonly go: boolean;
  /** DT_SYMBOLIC: names are looked for in the object itself first. */
  readonly symbolic: boolean;
  /** Names of functions that other objects define. */
  readonly imports: readonly string[];
  /** Names of functions for reasons and Vias; nodes refer to them by index. */
  readonly names: readonly string[];
  readonly nodes: readonly Node[];
  /**
   * Exported functions that reach anything: name, node, name, node … A name may occur twice
   * (versions).
   */
  readonly exports: readonly (string | number)[];
  readonly roots: Roots;
  /**
   * Exported functions that make the call whose number they get passed, and in which argument:
   * `syscall(3)`, 0.
   */
  readonly passes: { readonly [name: string]: number };
  /** Bounds that the analysis met. Not empty: calls may be missing. */
  readonly limits: readonly string[];
  readonly sites: SiteCounts;
  /** Bytes of code. */
  readonly codeBytes: number;
}

export interface SiteCounts {
  /** Places that make a call, or pass a number to `syscall(3)`. */
  readonly all: number;
  /** Those of them whose number is not, or not only, known. */
  readonly open: number;
  /** Places that look up functions by names which are no constants (dlsym(3)). */
  readonly unknownLookups: number;
}

/**
 * A strongly connected piece of the call graph, reduced to what reaches calls. All numbers are
 * indices.
 */
export interface Node {
  /** Other nodes. */
  readonly to?: readonly number[];
  /**
   * Imports that this code calls, whose address it takes, or that it looks up by a constant name.
   */
  readonly imports?: readonly number[];
  /** Call number, function name, call number, function name … */
  readonly makes?: readonly number[];
  /**
   * Import, function name, then the constants that are passed as a call number to it: one list a
   * place.
   */
  readonly forwards?: readonly (readonly number[])[];
  /** Sites whose number is not known. */
  readonly open?: readonly OpenNode[];
  /**
   * Call number, function name, then what the function passes for the arguments that choose among
   * operations, in their order; -1: not a constant.
   */
  readonly operations?: readonly (readonly number[])[];
}

export interface OpenNode {
  readonly name: number;
  readonly reason: string;
  /** The import that takes the number, if the site is a call of one. */
  readonly import?: number;
}

export interface Roots {
  /**
   * Entry point, init and fini functions, IFUNC resolvers; Go: all functions outside of its runtime
   * too.
   */
  readonly start: readonly number[];
  /** What data points to; Go: every function, because its linker keeps only what is used. */
  readonly data: readonly number[];
  /** Imports whose address is in data. */
  readonly dataImports: readonly number[];
}

/** An object as it was mapped into a program. */
export interface LoadedObject {
  /** Base name of the file: `libc.so.6`. */
  readonly name: string;
  readonly summary: ObjectSummary;
  /**
   * Part of the program itself rather than of the common runtime. Absent: `isOwnObject` decides.
   */
  readonly own?: boolean;
}

export interface ReachInput {
  readonly executable: LoadedObject;
  /**
   * Everything else that was mapped executable, in the order of mapping if it is known. The dynamic
   * linker is one of them.
   */
  readonly objects: readonly LoadedObject[];
}

/**
 * How near to the program a call is, nearest first. Measured: of the calls in a group, how many a
 * longer exercise really made.
 * - `own-code`: made by an instruction of an own object (static programs; Go: by other packages
 * than its runtime, or from the entry point).
 * - `few-imports` (41 %): own objects reach it through at most 5 of their imports.
 * - `many-imports` (20 %): through more.
 * - `libraries` (14 %): only other libraries reach it.
 * - `pointers` (10 %): only pointers in the C library's or the program's data lead to it.
 */
export type Rank = "own-code" | "few-imports" | "many-imports" | "libraries" | "pointers";

/** How the executable comes to a call. */
export interface Via {
  readonly rank: Rank;
  /**
   * Imports of own objects that are nearest to it, those that reach the fewest calls first; at most
   * `viaImports` of them. Empty for `libraries` and `pointers`.
   */
  readonly imports: readonly string[];
  /** How many such imports there are. */
  readonly importCount: number;
  /** Base name of the object whose code has the call's number. */
  readonly object: string;
  /** The function there: `epoll_wait`, or `at 0x1234` if it has no name. */
  readonly function: string;
}

/** What code passes for the arguments of a call that choose among operations. */
export interface Operation {
  readonly syscall: string;
  /** Which arguments these are, counted from 0. */
  readonly indices: readonly number[];
  /** Their values, 32 bits without sign. `undefined`: not a constant, so it may be any value. */
  readonly values: readonly (number | undefined)[];
  /** Base name of the object and name of the function that pass them. */
  readonly object: string;
  readonly function: string;
}

/** A site whose number is not known. It may be any call; never take it for absence. */
export interface OpenSite {
  readonly object: string;
  readonly function: string;
  readonly reason: string;
}

export interface Reach {
  readonly machine: Machine | undefined;
  /** Calls by libseccomp's name. */
  readonly calls: ReadonlyMap<string, Via>;
  /**
   * What code passes for the arguments that choose among operations, for the calls that have such
   * arguments. What only pointers in the C library's data lead to is left out.
   */
  readonly operations: readonly Operation[];
  /** Numbers that no table names (probes, private or very new calls). */
  readonly unnamed: readonly number[];
  readonly open: readonly OpenSite[];
  /**
   * Functions of other objects by which own objects start programs: `execve`, `posix_spawn`,
   * `popen` … Empty: their code starts none.
   */
  readonly startsPrograms: readonly string[];
  /** Objects that could not be read, with the reason. Not empty: calls may be missing. */
  readonly unsupported: readonly { readonly object: string; readonly reason: string }[];
  /**
   * Needed libraries and the dynamic linker, by name, if no object was given for them. Not empty:
   * calls may be missing.
   */
  readonly missing: readonly string[];
  /** Bounds that were met, by object. Not empty: calls may be missing. */
  readonly limits: readonly { readonly object: string; readonly bound: string }[];
}
