import { SeccompGenError } from "../../core/errors/index.ts";

/** The words that call the container CLI with its global options, such as ["sudo", "docker", "--context", "x"]. */
export interface ContainerCli {
  readonly tool: "docker" | "podman";
  readonly words: readonly string[];
}

/** The result of a finished CLI call. */
export interface Captured {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Calls the CLI and keeps its output. Throws `no-container-cli` if the CLI cannot be run. No exit code makes it throw.
 */
export async function capture(
  cli: ContainerCli,
  args: readonly string[],
  options: {
    readonly input?: string | Uint8Array;
    readonly timeout?: number;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<Captured> {
  const [file = "", ...words] = cli.words;
  const { execa } = await import("execa"); // it has hundreds of files, and not every command needs it
  const result = await execa(file, [...words, ...args], {
    reject: false,
    stripFinalNewline: true,
    detached: true, // a process group of its own: Ctrl-C on our terminal must not interrupt a stop or a clean-up
    ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  if (result.code === "ENOENT" || result.code === "EACCES") {
    throw new SeccompGenError(
      {
        code: "no-container-cli",
        tool: file,
        detail: result.code === "ENOENT" ? "not found in PATH" : "not executable",
      },
      { cause: result },
    );
  }
  return { exitCode: result.exitCode ?? 255, stdout: result.stdout, stderr: result.stderr };
}

/** Calls the CLI for its stdout. If the call fails, throws a problem that quotes the CLI. */
export async function output(cli: ContainerCli, args: readonly string[], doing: string): Promise<string> {
  const { exitCode, stdout, stderr } = await capture(cli, args);
  if (exitCode !== 0) throw cliFailure(cli, doing, stderr);
  return stdout;
}

/** Messages of the CLIs when no engine answers. */
const noEngineWords = new RegExp(
  [
    "cannot connect to the docker daemon",
    "is the docker daemon running",
    "error during connect",
    "connection refused",
    "failed to connect to the docker API",
  ].join("|"),
  "i",
);

/** Turns the CLI's complaint into a problem the user can act on. */
export function cliFailure(cli: ContainerCli, doing: string, stderr: string): SeccompGenError {
  const tool = cli.tool;
  const detail = stderr.trim().split("\n").slice(-3).join("\n");
  if (
    /permission denied.*(docker daemon|docker\.sock|docker API)|(docker daemon|docker\.sock).*permission denied/is.test(
      stderr,
    )
  ) {
    return new SeccompGenError({ code: "engine-permission", tool, detail });
  }
  const answered = /^Error response from daemon/m.test(stderr);
  if (!answered && noEngineWords.test(stderr)) {
    return new SeccompGenError({ code: "no-engine", tool, detail });
  }
  return new SeccompGenError({ code: "container-cli-failed", tool, doing, detail });
}
