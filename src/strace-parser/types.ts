/**
 * The mode a tracee was in, as strace says it: `[ Process PID=7 runs in 32 bit mode. ]`. Where
 * strace is silent it is the host's native mode.
 */
export type Personality = "64 bit" | "32 bit" | "x32";

/** Where a line stands. `line` and `column` count from 1; `column` counts bytes. */
export interface Source {
  readonly file: string | undefined;
  readonly line: number;
  readonly column: number;
}

/** One traced thread. Both are undefined where the log has no pid column. */
export interface Tracee {
  readonly pid: number | undefined;
  /** The name strace -Y prints, unescaped. */
  readonly comm: string | undefined;
}

/**
 * A decoded argument. Nothing is looked up: symbols stay symbols, and a number beside a symbol (`-X
 * verbose`) is kept as number.
 *
 * - `number`: `3`, `-1`, `0x1b6`, `0644`, `1<<5`, `'a'`; `comment` is the text of a following
 *   comment (`0x2 /* AF_INET *\/` → value 2n, comment "AF_INET"). Negative numbers stay negative;
 *   fd annotations go to `annotation`.
 * - `flags`: `A|B|0x10`, `0x8 /* PER_LINUX32 *\/|0x20000 /* UNAME26 *\/`: `symbols` without a
 *   number, `value` = OR of all numbers given; `negated` for `~[…]`.
 * - `string`: `bytes` is the data, `cut` when strace shortened it (`"..."...`).
 * - `struct`: `fields` in order; `name` is undefined for bare values. An array whose elements say
 *   which they are (`[[IFLA_MTU]=1500]`) is one, named by them, and so is the status of wait4
 *   (`{WIFEXITED(s) && WEXITSTATUS(s) == 3}`), named by what is compared. `array`: `elements`.
 *   `abbreviated` when `...` stood in it.
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

/**
 * What a call returned. `error` names the errno as strace does (`EPERM`), or `errno 530` where it
 * has no name.
 */
export type SyscallResult =
  | { readonly type: "value"; readonly value: bigint }
  | { readonly type: "error"; readonly errno: string }
  /** `? ERESTARTSYS (…)`: the kernel restarts it or hands EINTR to the program. */
  | { readonly type: "restart"; readonly errno: string }
  /** `= ?`: it never returned (exit, killed inside, replaced by execve in another thread). */
  | { readonly type: "none" }
  /** The log ends, or strace let go, before the call returned. */
  | { readonly type: "unfinished" };

/**
 * A system call. Arguments are decoded when asked for; an event reads from the chunk it came in, as
 * long as you keep it.
 */
export interface SyscallEvent {
  readonly kind: "syscall";
  readonly tracee: Tracee;
  readonly source: Source;
  /** As strace prints it (`openat`, `syscall_0x1c3`, `ioctl#64`, `???`). */
  readonly name: string;
  /**
   * The number of the entry point, where the log has it (`-n`); undefined also above 2⁵³: such a
   * call is named by its number (`syscall_0x…`).
   */
  readonly number: number | undefined;
  readonly personality: Personality;
  readonly result: SyscallResult;
  /** strace -e inject changed it: learn nothing from its result. */
  readonly injected: boolean;
  /**
   * The text between the parentheses was missing or cut (`unfinished` without its resumed half).
   * The arguments that are there are whole.
   */
  readonly argsComplete: boolean;
  /**
   * All arguments, decoded on first use. With `-N` and in named positions (`flags=…`) see
   * `argNames`.
   */
  readonly args: readonly Arg[];
  /**
   * The name of each argument where the line gives one (`-N`, `clone(child_stack=NULL, flags=…)`),
   * else undefined.
   */
  readonly argNames: readonly (string | undefined)[];
  /** One argument, decoded alone. `undefined` if there are fewer. */
  arg(index: number): Arg | undefined;
  /** The argument of this name in the line. `undefined` if there is none. */
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
  /** The siginfo struct, decoded when asked for. */
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
 * strace's own words (`strace: Process 7 attached`), stack frames, hex dumps: nothing to learn
 * from, nothing dropped.
 */
export interface MessageEvent {
  readonly kind: "message";
  readonly tracee: Tracee;
  readonly source: Source;
  readonly text: string;
}

/**
 * A line that is none of strace's. `reason` says why; `text` is at most 200 bytes of it, as
 * Latin-1.
 */
export interface UnparsedEvent {
  readonly kind: "unparsed";
  readonly tracee: Tracee;
  readonly source: Source;
  readonly reason: string;
  readonly text: string;
}

/** What strace said in one line (or in the two halves of an interrupted one). */
export type StraceEvent =
  SyscallEvent | SignalEvent | ExitEvent | SupersededEvent | PersonalityEvent | MessageEvent | UnparsedEvent;
