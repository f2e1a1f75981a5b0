import { SeccompGenError } from "../core/errors/index.ts";

/** What git answered. */
export interface GitAnswer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs git without a shell; its messages are English. Throws `usage` where it is not installed. */
export async function runGit(folder: string, args: readonly string[], input?: string): Promise<GitAnswer> {
  const { execa } = await import("execa");
  const { exitCode, stdout, stderr, code } = await execa("git", args, {
    cwd: folder,
    reject: false,
    stripFinalNewline: false,
    ...(input === undefined ? { stdin: "ignore" } : { input }),
    env: { LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0" },
  });
  if (code === "ENOENT")
    throw new SeccompGenError({
      code: "usage",
      what: "git is not installed",
      todo: "Install git (apt-get install git).",
    });
  return { exitCode: exitCode ?? 255, stdout, stderr };
}

/** The same, where only success is of use. */
export async function git(folder: string, args: readonly string[], input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runGit(folder, args, input);
  if (exitCode === 0) return stdout;
  throw new SeccompGenError({
    code: "usage",
    what: `git ${args[0] ?? ""} failed: ${stderr.trim().split("\n").at(-1) ?? ""}`,
    todo: "Run it in a git repository that holds the profiles.",
  });
}
