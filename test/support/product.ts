import { execa } from "execa";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const cli = fileURLToPath(new URL("../../dist/cli.cjs", import.meta.url));

export interface Ran {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line as a user would. */
export async function product(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [cli, ...args], {
    cwd,
    reject: false,
    timeout: 170_000,
    stdin: "ignore",
    env,
  });
  return { exitCode, stdout, stderr };
}

export async function docker(...args: readonly string[]): Promise<Ran> {
  const { exitCode, stdout, stderr } = await execa("docker", args, {
    reject: false,
    timeout: 120_000,
    stdin: "ignore",
  });
  return { exitCode, stdout, stderr };
}

/** An empty folder to work in. */
export function workplace(): Promise<string> {
  return mkdtemp(join(tmpdir(), "seccomp-gen-live-"));
}

/**
 * What exists on the engine that a session could leave behind: containers of the tests' and the
 * tracer's images, volumes for traces.
 */
export async function leftovers(): Promise<string> {
  const containers = await docker("ps", "-a", "--format", "{{.Image}} {{.ID}}");
  const volumes = await docker("volume", "ls", "-q");
  return [...containers.stdout.split("\n"), ...volumes.stdout.split("\n")]
    .filter((line) => /^seccomp-gen-(?!tracer-[0-9a-f]+$)/.test(line))
    .join("; ");
}
