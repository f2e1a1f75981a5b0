/**
 * What this folder takes and returns. How the data flows:
 *
 *     bytes ─ analyzeObject ─▶ ObjectSummary (one a file; cache it by build-id) ─ reachOf ─▶ Reach (one a program)
 */

/** Architectures whose code this folder reads. */
export type Machine = "x86-64" | "aarch64";

/** What is known about the code of one ELF file, or why nothing is. Plain JSON. */
export type ObjectSummary = CodeSummary | Unsupported;

export interface Unsupported {
  readonly kind: "unsupported";
  readonly version: number;
  /** Words for users: "32-bit", "not an ELF file". */
  readonly reason: string;
}

export interface CodeSummary {
  readonly kind: "code";
  /** The `summaryVersion` of the module that wrote it. A summary of another version must be made anew. */
  readonly version: number;
  readonly machine: Machine;
  /** Hexadecimal. Absent if the file has none. */
  readonly buildId?: string;
  readonly soname?: string;
  /** The entries of DT_NEEDED, in their order. */
  readonly needed: readonly string[];
  /** PT_INTERP: the dynamic linker. */
  readonly interpreter?: string;
  /** The file holds Go code (it has Go's function table). */
  readonly go: boolean;
  /** DT_SYMBOLIC: the object looks for names in itself first. */
  readonly symbolic: boolean;
  /** Names of functions that other objects define. */
  readonly imports: readonly string[];
  /** Names of functions, for reasons and Vias. Nodes refer to them by index. */
  readonly names: readonly string[];
  readonly nodes: readonly Node[];
  /** Exported functions that reach anything: name, node, name, node … A name that has versions may occur twice. */
  readonly exports: readonly (string | number)[];
  readonly roots: Roots;
  /**
   * Exported functions that make the call whose number they get, such as `syscall(3)`. The value is the index of the
   * argument that holds the number.
   */
  readonly passes: { readonly [name: string]: number };
  /** Bounds that the analysis reached. If there are any, calls may be missing. */
  readonly limits: readonly string[];
  readonly sites: SiteCounts;
  /** Bytes of code. */
  readonly codeBytes: number;
}

export interface SiteCounts {
  /** The number of places that make a call, or pass a number to `syscall(3)`. */
  readonly all: number;
  /** How many of these places have a call number that is unknown, or only partly known. */
  readonly open: number;
  /** The number of places that look a function up by a name that is no constant (dlsym(3)). */
  readonly unknownLookups: number;
}

/** A strongly connected piece of the call graph, reduced to what reaches calls. All numbers are indices. */
export interface Node {
  /** Other nodes. */
  readonly to?: readonly number[];
  /** The imports that this code calls, whose address it takes, or that it looks up by a constant name. */
  readonly imports?: readonly number[];
  /** Call number, function name, call number, function name … */
  readonly makes?: readonly number[];
  /**
   * One list for each place that passes a call's number to an import. It holds the import, then the function's name,
   * then the constants that are passed.
   */
  readonly forwards?: readonly (readonly number[])[];
  /** Sites whose number is unknown. */
  readonly open?: readonly OpenNode[];
  /**
   * Each list begins with the call's number and the function's name. Then come the values of the arguments that choose
   * among operations, in their order. -1 means that the value is no constant.
   */
  readonly operations?: readonly (readonly number[])[];
}

export interface OpenNode {
  readonly name: number;
  readonly reason: string;
  /** The import that takes the number, if the site calls one. */
  readonly import?: number;
}

export interface Roots {
  /** Entry point, init and fini functions, IFUNC resolvers. In Go, also all functions outside its runtime. */
  readonly start: readonly number[];
  /** The code that data points to. In Go, every function, because Go's linker keeps only what may be used. */
  readonly data: readonly number[];
  /** Imports whose address is in data. */
  readonly dataImports: readonly number[];
}

/** An object as it was mapped into a program. */
export interface LoadedObject {
  /** Base name of the file: `libc.so.6`. */
  readonly name: string;
  readonly summary: ObjectSummary;
  /** Does it belong to the program itself, rather than to the common runtime? If absent, `isOwnObject` decides. */
  readonly own?: boolean;
}

export interface ReachInput {
  readonly executable: LoadedObject;
  /** All other objects that were mapped executable, including the dynamic linker. In the order of mapping, if known. */
  readonly objects: readonly LoadedObject[];
}

/**
 * How near a call is to the program, nearest first. The percentages were measured: a longer exercise made this share of
 * a group's calls.
 * - `own-code`: an instruction of an own object makes it (static programs; in Go, packages other
 * than its runtime, or code that the entry point leads to).
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
   * The imports of own objects that are nearest to the call. Those that reach the fewest calls come first. At most
   * `viaImports` of them. Empty for `libraries` and `pointers`.
   */
  readonly imports: readonly string[];
  /** The number of such imports. */
  readonly importCount: number;
  /** The base name of the object whose code holds the call's number. */
  readonly object: string;
  /** The function there: `epoll_wait`, or `at 0x1234` if it has no name. */
  readonly function: string;
}

/** The values that code passes for the arguments of a call that choose among operations. */
export interface Operation {
  readonly syscall: string;
  /** The indices of these arguments, counted from 0. */
  readonly indices: readonly number[];
  /** Their values, 32 bits unsigned. A value that is no constant is `undefined`, because it may be any value. */
  readonly values: readonly (number | undefined)[];
  /** The base name of the object, and the name of the function, that pass them. */
  readonly object: string;
  readonly function: string;
}

/** A site whose number is unknown. It may be any call, so never read it as "makes no call". */
export interface OpenSite {
  readonly object: string;
  readonly function: string;
  readonly reason: string;
}

export interface Reach {
  readonly machine: Machine | undefined;
  /** Calls by libseccomp's names. */
  readonly calls: ReadonlyMap<string, Via>;
  /**
   * The values that code passes for arguments that choose among operations. Values that only pointers in the C
   * library's data lead to are left out.
   */
  readonly operations: readonly Operation[];
  /** Numbers that no table names: probes, private calls or very new ones. */
  readonly unnamed: readonly number[];
  readonly open: readonly OpenSite[];
  /**
   * Functions of other objects through which own objects start programs: `execve`, `posix_spawn`, `popen` … If empty,
   * their code starts none.
   */
  readonly startsPrograms: readonly string[];
  /** Objects that could not be read, with the reason. If there are any, calls may be missing. */
  readonly unsupported: readonly { readonly object: string; readonly reason: string }[];
  /**
   * The names of needed libraries, and of the dynamic linker, for which no object was given. If there are any, calls
   * may be missing.
   */
  readonly missing: readonly string[];
  /** Bounds that were reached, by object. If there are any, calls may be missing. */
  readonly limits: readonly { readonly object: string; readonly bound: string }[];
}
