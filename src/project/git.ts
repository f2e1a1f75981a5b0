import { SeccompGenError } from "../core/errors/index.ts";
import { decoded } from "../core/text/index.ts";

/** git's answer. */
export interface GitAnswer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs git without a shell and with English messages. Throws `usage` if git is not installed. */
export async function runGit(folder: string, args: readonly string[], input?: string | Uint8Array): Promise<GitAnswer> {
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

/** Runs git like `runGit`, for callers that need it to succeed. Throws if it fails. */
export async function git(folder: string, args: readonly string[], input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runGit(folder, args, input);
  if (exitCode === 0) return stdout;
  throw new SeccompGenError({
    code: "usage",
    what: `git ${args[0] ?? ""} failed: ${stderr.trim().split("\n").at(-1) ?? ""}`,
    todo: "Run it in a git repository that holds the profiles.",
  });
}

/**
 * Reads the texts of many objects ("REVISION:path", ":path", ids) with one process. An object that git does not have,
 * or that is no file, gives `undefined`.
 */
export async function readObjects(folder: string, names: readonly string[]): Promise<readonly (string | undefined)[]> {
  if (names.length === 0) return [];
  // A batch cannot ask for a name with a line break. No path of ours has one.
  const asked = names.map((name) => (name.includes("\n") ? "0".repeat(40) : name));
  const { execa } = await import("execa");
  const { stdout, exitCode } = await execa("git", ["cat-file", "--batch"], {
    cwd: folder,
    reject: false,
    encoding: "buffer",
    stripFinalNewline: false,
    maxBuffer: Infinity,
    input: `${asked.join("\n")}\n`,
    env: { LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0" },
  });
  if (exitCode !== 0) await git(folder, ["rev-parse", "--git-dir"]); // says what is wrong
  const answer = Buffer.from(stdout);
  const texts: (string | undefined)[] = [];
  for (let at = 0; at < answer.length && texts.length < asked.length;) {
    const end = answer.indexOf(10, at);
    const [, type, size] = /^[0-9a-f]+ (\w+) (\d+)$/.exec(answer.toString("latin1", at, end)) ?? [];
    at = end + 1;
    if (type === undefined) {
      texts.push(undefined);
      continue;
    }
    texts.push(type === "blob" ? decoded(answer.subarray(at, at + Number(size))) : undefined);
    at += Number(size) + 1;
  }
  return texts;
}
