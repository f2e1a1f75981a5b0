/**
 * The mode of a tracee, as strace reports it: `[ Process PID=7 runs in 32 bit mode. ]`. If strace reports none, it is
 * the host's native mode.
 */
export type Personality = "64 bit" | "32 bit" | "x32";

/** Where a line stands. `line` and `column` count from 1; `column` counts bytes. */
export interface Source {
  readonly file: string | undefined;
  readonly line: number;
  readonly column: number;
}

/** One traced thread. Both are undefined if the log has no pid column. */
export interface Tracee {
  readonly pid: number | undefined;
  /** The name that strace -Y prints, unescaped. */
  readonly comm: string | undefined;
}

/**
 * A decoded argument. Nothing is looked up: symbols stay symbols, and a number beside a symbol (`-X verbose`) is kept
 * as a number.
 *
 * - `number`: `3`, `-1`, `0x1b6`, `0644`, `1<<5`, `'a'`. `comment` is the text of a following
 * comment (`0x2 /* AF_INET *\/` → value 2n, comment "AF_INET"). Negative numbers stay negative.
 * Annotations of descriptors go to `annotation`.
 * - `flags`: `A|B|0x10`, `0x8 /* PER_LINUX32 *\/|0x20000 /* UNAME26 *\/`. `symbols` are those without a
 * number. `value` is the OR of all numbers. `negated` is true for `~[…]`.
 * - `string`: `bytes` is the data. `cut` is true if strace shortened it (`"..."...`).
 * - `struct`: `fields` in order. `name` is undefined for bare values. An array whose elements name
 * themselves (`[[IFLA_MTU]=1500]`) is a struct. So is the status of wait4
 * (`{WIFEXITED(s) && WEXITSTATUS(s) == 3}`), whose fields have the names of the macros.
 * - `array`: `elements`. `abbreviated` is true if `...` stood in it.
 * - `call`: `htons(53)`, `makedev(0x1, 0x3)`, `_IOC(…)`.
 * - `change`: `before => after`.
 * - `null`: NULL. `unknown`: anything else, as text.
 */
export type Arg =
  | {
      readonly type: "number";
      readonly value: bigint;
      readonly comment: string | undefined;
      readonly annotation: string | undefined;
    }
  | {
      readonly type: "flags";
      readonly symbols: readonly string[];
      readonly value: bigint;
      readonly comment: string | undefined;
      readonly annotation: string | undefined;
    }
  | { readonly type: "string"; readonly bytes: Uint8Array; readonly cut: boolean }
  | {
      readonly type: "struct";
      readonly fields: readonly { readonly name: string | undefined; readonly value: Arg }[];
      readonly abbreviated: boolean;
    }
  | {
      readonly type: "array";
      readonly elements: readonly Arg[];
      readonly negated: boolean;
      readonly abbreviated: boolean;
    }
  | { readonly type: "call"; readonly name: string; readonly args: readonly Arg[] }
  | { readonly type: "change"; readonly before: Arg; readonly after: Arg }
  | { readonly type: "null" }
  | { readonly type: "unknown"; readonly text: string };

/** What a call returned. `error` names the errno as strace does (`EPERM`), or `errno 530` if it has no name. */
export type SyscallResult =
  | { readonly type: "value"; readonly value: bigint }
  | { readonly type: "error"; readonly errno: string }
  /** `? ERESTARTSYS (…)`: the kernel restarts the call, or gives the program EINTR. */
  | { readonly type: "restart"; readonly errno: string }
  /** `= ?`: the call never returned (exit, killed inside it, replaced by execve in another thread). */
  | { readonly type: "none" }
  /** The log ended, or strace let go of the thread, before the call returned. */
  | { readonly type: "unfinished" };

/** A system call. Arguments are decoded on first use. An event that you keep also keeps its chunk in memory. */
export interface SyscallEvent {
  readonly kind: "syscall";
  readonly tracee: Tracee;
  readonly source: Source;
  /** As strace prints it (`openat`, `syscall_0x1c3`, `ioctl#64`, `???`). */
  readonly name: string;
  /**
   * The number of the call, if the log has it (`-n`). Also `undefined` above 2⁵³: such a call is named by its number
   * (`syscall_0x…`).
   */
  readonly number: number | undefined;
  readonly personality: Personality;
  readonly result: SyscallResult;
  /** strace -e inject changed the call: learn nothing from its result. */
  readonly injected: boolean;
  /**
   * False if the text between the parentheses is missing or cut (`unfinished` without its second half). The arguments
   * that are there are whole.
   */
  readonly argsComplete: boolean;
  /** All arguments, decoded on first use. For the names of `-N` and of `flags=…`, see `argNames`. */
  readonly args: readonly Arg[];
  /** The name of each argument, if the line gives one (`-N`, `clone(child_stack=NULL, flags=…)`), else undefined. */
  readonly argNames: readonly (string | undefined)[];
  /** One argument, decoded alone. `undefined` if there are fewer. */
  arg(index: number): Arg | undefined;
  /** The argument that the line gives this name. `undefined` if there is none. */
  argNamed(name: string): Arg | undefined;
}

export interface SignalEvent {
  readonly kind: "signal";
  readonly tracee: Tracee;
  readonly source: Source;
  readonly signal: string;
  /** `--- stopped by SIGSTOP ---` */
  readonly stop: boolean;
  readonly personality: Personality;
  /** The siginfo struct, decoded on first use. */
  readonly info: Arg | undefined;
}

export interface ExitEvent {
  readonly kind: "exit";
  readonly tracee: Tracee;
  readonly source: Source;
  /** `+++ exited with N +++` or `+++ killed by SIGx +++`. */
  readonly status:
    | { readonly type: "exited"; readonly code: number }
    | { readonly type: "killed"; readonly signal: string; readonly coreDumped: boolean };
}

/** `+++ superseded by execve in pid N +++`: the thread N takes over this tracee's id. */
export interface SupersededEvent {
  readonly kind: "superseded";
  readonly tracee: Tracee;
  readonly source: Source;
  readonly by: number;
}

export interface PersonalityEvent {
  readonly kind: "personality";
  readonly tracee: Tracee;
  readonly source: Source;
  readonly personality: Personality;
}

/**
 * strace's own words (`strace: Process 7 attached`), stack frames, hex dumps. They say nothing about calls, but no line
 * is dropped.
 */
export interface MessageEvent {
  readonly kind: "message";
  readonly tracee: Tracee;
  readonly source: Source;
  readonly text: string;
}

/** A line that is not strace's. `reason` says why. `text` is at most 200 bytes of it, as Latin-1. */
export interface UnparsedEvent {
  readonly kind: "unparsed";
  readonly tracee: Tracee;
  readonly source: Source;
  readonly reason: string;
  readonly text: string;
}

/** What strace says in one line, or in both halves of an interrupted one. */
export type StraceEvent =
  SyscallEvent | SignalEvent | ExitEvent | SupersededEvent | PersonalityEvent | MessageEvent | UnparsedEvent;
