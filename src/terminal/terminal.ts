import { escapeTerminal } from "../escape.ts";

/** The edges a command talks to; tests give their own. */
export interface Terminal {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress, notices and warnings, one line each. Whatever is in them, from a trace or a file, reaches the terminal as text only. */
  readonly note: (line: string) => void;
  /** One line that is written over by the next, and removed by an empty one; undefined where stderr is no terminal. */
  readonly status: ((line: string) => void) | undefined;
  readonly color: boolean;
  readonly width: number;
  /** Aborted by Ctrl-C, SIGTERM or SIGHUP. */
  readonly interrupted: AbortSignal;
}

/** The process's own terminal. Signals abort `interrupted`. */
export function processTerminal(): Terminal {
  /** A line stands there that the next one writes over. */
  let open = false;
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => controller.abort(signal));
  const stdout = attended(process.stdout);
  let attendedError: NodeJS.WriteStream | undefined;
  /** Most commands write no word there, and opening it takes time. */
  const stderr = (): NodeJS.WriteStream => (attendedError ??= attended(process.stderr));
  return {
    out: (text) => stdout.write(text),
    note: (line) => {
      stderr().write(`${open ? clearLine : ""}seccomp-gen: ${escapeTerminal(line)}\n`);
      open = false;
    },
    get status() {
      if (!stderr().isTTY) return undefined;
      return (line: string) => {
        if (open || line !== "") stderr().write(`${clearLine}${escapeTerminal(line).slice(0, (stderr().columns ?? 80) - 1)}`);
        open = line !== "";
      };
    },
    color: wantsColor(stdout.isTTY === true, process.env),
    width: stdout.columns ?? 100,
    interrupted: controller.signal,
  };
}

/** Who reads our output may go before us (`| head`); a recording must still be ended in order. */
function attended(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  return stream.on("error", (error: NodeJS.ErrnoException) => error.code === "EPIPE" || process.once("exit", () => (process.exitCode ||= 2)));
}

/** To the line's begin, and clear it (ECMA-48, EL). */
const clearLine = "\r\u001b[K";

/** `--color`. */
export const colorChoices = ["auto", "always", "never"] as const;

/** A terminal with the colors that `--color` asks for; `auto` leaves it to the environment and to what the output is. */
export function inColor(terminal: Terminal, when: (typeof colorChoices)[number]): Terminal {
  return when === "auto" ? terminal : { ...terminal, color: when === "always" };
}

/** NO_COLOR wins over FORCE_COLOR (both count where they are not empty); without either, a terminal that is not dumb has colors. */
export function wantsColor(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  if ((env["FORCE_COLOR"] ?? "") !== "") return env["FORCE_COLOR"] !== "0";
  return isTerminal && env["TERM"] !== "dumb";
}
