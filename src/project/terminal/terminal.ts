import { fstatSync, writeSync } from "node:fs";
import { Writable } from "node:stream";
import { escapeLine, escapeTerminal, withoutCommands } from "../../core/text/index.ts";
import { Board } from "./board.ts";

/** The terminal of a command. Tests give one of their own. */
export interface Terminal {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress, notices and warnings, one line each. Text from a trace or a file cannot control the terminal. */
  readonly note: (line: string) => void;
  /** Shows one line. The next one replaces it, and an empty one removes it. `undefined` if stderr is no terminal. */
  readonly status: ((line: string) => void) | undefined;
  /**
   * Shows lines at the bottom of the terminal while an application writes above them. An empty list removes them.
   * `undefined` if stderr is no terminal, or one without a cursor.
   */
  readonly board?: ((lines: readonly string[]) => void) | undefined;
  readonly color: boolean;
  readonly width: number;
  /** The rows of the terminal that shows the results. `undefined` for a file, a pipe and the log of a CI job. */
  readonly rows?: number | undefined;
  /** Aborted by Ctrl-C, SIGTERM or SIGHUP. */
  readonly interrupted: AbortSignal;
  /**
   * Standard error for what other programs write there. If they left a line unfinished, the next note still begins a
   * new line. `undefined` if stderr is a terminal: the other programs then write to it themselves.
   */
  readonly others?: Writable | undefined;
}

export interface ProcessTerminal extends Terminal {
  /** As `note`, but without escaping. */
  readonly err: (text: string) => void;
  /** As `note`, even if the user wants no notes. It says why the command failed. */
  readonly fail: (line: string) => void;
  /** From now on there are no notes and no status lines, only results and failures. */
  beQuiet(): void;
  /** True if everything is written. */
  readonly written: boolean;
  /** From now on, signals abort `interrupted`. Before that, they end the process. */
  heedSignals(): void;
}

/** The process's own terminal. Slow modules are loaded when they are needed, because most commands need few of them. */
export function processTerminal(): ProcessTerminal {
  /** True while a status line is shown. The next line replaces it. */
  let open = false;
  let quiet = false;
  let controller: AbortController | undefined;
  const interruption = (): AbortController => (controller ??= new AbortController());
  const stdout = new Output(1, () => process.stdout);
  const stderr = new Output(2, () => process.stderr);
  const board = new Board();
  const say = (line: string): void => {
    const fresh = `${stderr.lineEnd()}${board.freshLine()}${open ? clearLine : ""}`;
    stderr.write(`${fresh}seccomp-gen: ${escapeTerminal(line)}\n`);
    open = false;
  };
  return {
    out: (text) => stdout.write(text),
    err: (text) => stderr.write(escapeTerminal(text)),
    note: (line) => {
      if (!quiet) say(line);
    },
    fail: say,
    beQuiet: () => {
      quiet = true;
    },
    get status() {
      if (quiet || stderr.terminal === undefined) return undefined;
      return (line: string) => {
        if (open || line !== "")
          stderr.write(`${clearLine}${escapeTerminal(line).slice(0, (stderr.terminal?.columns ?? 80) - 1)}`);
        open = line !== "";
      };
    },
    get board() {
      if (quiet || stderr.terminal === undefined || process.env["TERM"] === "dumb") return undefined;
      let isSafe = false;
      return (lines: readonly string[]) => {
        // When the process exits, the terminal is restored, even after a failure.
        if (!isSafe) process.once("exit", () => stderr.write(board.show([], { columns: 0, rows: 0 })));
        isSafe = true;
        const [columns, rows] = stderr.terminal?.getWindowSize() ?? [80, 24];
        stderr.write(board.show(lines.map(escapeLine), { columns, rows }));
      };
    },
    get color() {
      return wantsColor(stdout.terminal !== undefined, process.env);
    },
    get width() {
      return stdout.terminal?.columns ?? 100;
    },
    get rows() {
      return stdout.terminal === undefined || isCi(process.env) ? undefined : stdout.terminal.rows || 24;
    },
    get interrupted() {
      return interruption().signal;
    },
    get others() {
      return stderr.terminal === undefined ? stderr.passage : undefined;
    },
    get written() {
      return !stdout.waits && !stderr.waits;
    },
    heedSignals() {
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
        process.on(signal, () => interruption().abort(signal));
    },
  };
}

/** Standard output or standard error. Node takes longer to load its own stream than most commands take to answer. */
class Output {
  readonly #descriptor: number;
  readonly #open: () => NodeJS.WriteStream;
  #stream: NodeJS.WriteStream | undefined;
  #isUnfinished = false;
  /** Passes on the bytes of other programs as they stand. */
  readonly passage = new Writable({
    write: (bytes: Uint8Array, _encoding, done) => {
      this.#isUnfinished = bytes.at(-1) !== newline;
      this.#pass(bytes, () => done());
    },
  });

  constructor(descriptor: number, open: () => NodeJS.WriteStream) {
    this.#descriptor = descriptor;
    this.#open = open;
  }

  /** True if a write waits for a reader that does not read. */
  get waits(): boolean {
    return this.#stream !== undefined;
  }

  /** Its terminal. `undefined` if it is a file or a pipe. */
  get terminal(): NodeJS.WriteStream | undefined {
    const stream = isDevice(this.#descriptor) ? this.#open() : undefined;
    return stream?.isTTY === true ? stream : undefined;
  }

  write(text: string): void {
    this.#pass(Buffer.from(withoutCommands(text)), () => undefined);
  }

  /** What to write before a line of ours, because another program may have begun one. */
  lineEnd(): string {
    const end = this.#isUnfinished ? "\n" : "";
    this.#isUnfinished = false;
    return end;
  }

  /**
   * Writes all bytes. The reader of the output may end before this process does (`| head`). A recording must still end
   * in order.
   */
  #pass(bytes: Uint8Array, done: () => void): void {
    let rest = bytes;
    try {
      while (this.#stream === undefined && rest.length > 0) rest = rest.subarray(writeSync(this.#descriptor, rest));
    } catch (error) {
      // EAGAIN comes from a full pipe that another program made and shares with this process. The stream waits until
      // the pipe takes more.
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") this.#stream = this.#open().on("error", failed);
      else failed(error as NodeJS.ErrnoException);
    }
    if (this.#stream === undefined) done();
    else this.#stream.write(rest, done);
  }
}

function failed(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") process.once("exit", () => (process.exitCode ||= 2));
}

function isDevice(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return false;
  }
}

/** Some CI systems give their jobs a terminal. Nobody there can ask for more lines. */
function isCi(env: NodeJS.ProcessEnv): boolean {
  return !["", "0", "false"].includes(env["CI"] ?? "");
}

/** The layout of results. With `all` they are whole, however long they are. */
export function layoutOf({ color, width, rows }: Terminal, all = false): Pick<Terminal, "color" | "width" | "rows"> {
  return { color, width, rows: all ? undefined : rows };
}

const newline = 10;

/** Moves to the beginning of the line, and clears the line (ECMA-48, EL). */
const clearLine = "\r\u001b[K";

/** The choices of `--color`. */
export const colorChoices = ["auto", "always", "never"] as const;

/**
 * A terminal with the colors that `--color` asks for. `auto` leaves it to the environment and to the kind of output.
 */
export function inColor(terminal: Terminal, when: (typeof colorChoices)[number]): Terminal {
  return when === "auto" ? terminal : { ...terminal, color: when === "always" };
}

/**
 * NO_COLOR wins over FORCE_COLOR. Both count only if they are not empty. Without either, a terminal that is not dumb
 * has colors.
 */
export function wantsColor(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  if ((env["FORCE_COLOR"] ?? "") !== "") return env["FORCE_COLOR"] !== "0";
  return isTerminal && env["TERM"] !== "dumb";
}
