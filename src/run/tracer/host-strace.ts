import { SeccompGenError } from "../../core/errors/index.ts";

/** strace as installed on this host. */
export interface HostStrace {
  readonly path: string;
  readonly version: string;
}

/** strace has `--quiet=` since 5.6. Without it, a log does not show which calls are 32-bit ones. */
const oldestUsable = [5, 6] as const;

/** Finds this host's strace. Throws `no-tracer` if there is none or it is too old. */
export async function hostStrace(): Promise<HostStrace> {
  const { execa } = await import("execa");
  const found = await execa("sh", ["-c", "command -v strace"], { reject: false });
  const path = found.stdout.trim();
  if (found.exitCode !== 0 || path === "")
    throw new SeccompGenError({ code: "no-tracer", detail: "strace is not installed on this host" });
  const said = await execa(path, ["-V"], { reject: false });
  const match = /version (\d+)\.(\d+)/.exec(said.stdout);
  if (match === null) throw new SeccompGenError({ code: "no-tracer", detail: `${path} does not say its version` });
  const [major, minor] = [Number(match[1]), Number(match[2])];
  if (major < oldestUsable[0] || (major === oldestUsable[0] && minor < oldestUsable[1])) {
    throw new SeccompGenError({
      code: "no-tracer",
      detail: `${path} is strace ${major}.${minor}; ${oldestUsable.join(".")} or newer is needed`,
    });
  }
  return { path, version: `${major}.${minor}` };
}
