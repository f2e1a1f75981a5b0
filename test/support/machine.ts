import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What no package can add to a machine. For these reasons tests are skipped even with CI=true. */
export const noCompatCalls = "this machine makes no i386 calls (int 0x80)";
export const noKernelLog = "this kernel's log has no lines of seccomp";
export const noSelinux = "no strace here was built with SELinux";
export const notX64 = "this machine is no x86-64";

export const notRoot = "only root can do this";
export const notBuilt = "dist/ is not built (npm run build)";
export const isBuilt = existsSync(fileURLToPath(new URL("../../dist/cli.cjs", import.meta.url)));

/** True if a command runs here and exits with 0. */
export function runs(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}
