import { execa } from "execa";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sessionIsOver } from "../../src/project/index.ts";

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
 * What an ended session has left on the engine: containers of the tests' and the tracer's images, and volumes. Running
 * sessions do not count.
 */
export async function leftovers(): Promise<string> {
  const label = '{{.Label "seccomp-gen.session"}}';
  const containers = await docker("ps", "-a", "--format", `{{.Image}} {{.ID}} ${label}`);
  const volumes = await docker("volume", "ls", "--format", `{{.Name}} ${label}`);
  return [...containers.stdout.split("\n"), ...volumes.stdout.split("\n")]
    .filter((line) => /^seccomp-gen-(?:base|test|gate|out|tracer:|tracer [0-9a-f]{12} )/.test(line))
    .filter((line) => {
      const session = /\d+(?:\.\d+)?@\S+$/.exec(line)?.[0];
      return session === undefined || sessionIsOver(session);
    })
    .join("; ");
}
