import { execFileSync, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { needs } from "../reach/toolchain.ts";
import { cli } from "../support/product.ts";

// A log of arm64 with the code of cross-built files: the whole way.

beforeEach(needs("aarch64-linux-gnu-gcc"));

const libraries = "/usr/aarch64-linux-gnu/lib";
const source = `
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv) {
  int on = 1;
  if (argc == 1) return 0;
  fdatasync(1);
  ptrace(PTRACE_TRACEME, 0, 0, 0);
  syscall(SYS_getpriority, 0, 0);
  return setsockopt(socket(AF_UNIX, SOCK_STREAM, 0), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}`;
const log = `7 execve("/usr/bin/app", ["app"], 0x7ffd /* 9 vars */) = 0
7 openat(AT_FDCWD, "/lib/libc.so.6", O_RDONLY|O_CLOEXEC) = 3
7 read(3, "\\177ELF", 832) = 832
7 close(3) = 0
7 set_robust_list(0xffff, 24) = 0
7 exit_group(0) = ?
7 +++ exited with 0 +++
`;

interface Group {
  readonly names: readonly string[];
  readonly action: string;
  readonly comment?: string;
  readonly args?: readonly { readonly index: number; readonly valueTwo: number }[];
}

test("generate --arch arm64 allows what arm64 code can make, in the numbers of arm64", () => {
  const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-arm64-"));
  for (const each of ["root/lib", "root/usr/bin"]) mkdirSync(join(folder, each), { recursive: true });
  writeFileSync(join(folder, "app.c"), source);
  writeFileSync(join(folder, "app.log"), log);
  execFileSync("aarch64-linux-gnu-gcc", ["-O2", "-o", "root/usr/bin/app", "app.c"], { cwd: folder });
  for (const name of ["libc.so.6", "ld-linux-aarch64.so.1"])
    copyFileSync(join(libraries, name), join(folder, "root/lib", name));
  const generate = (): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [cli, "generate", "app.log", "--arch", "arm64", "--root", "root"], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, HOME: folder },
    });
  const { status, stdout, stderr } = generate();
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/in the code, never recorded, and denied .*: ptrace \(app\)/);
  expect(generate().stdout).toBe(stdout);
  const profile = JSON.parse(stdout) as { readonly architectures: unknown; readonly syscalls: readonly Group[] };
  expect(profile.architectures).toEqual(["SCMP_ARCH_AARCH64"]);
  const allowing = (name: string): readonly Group[] =>
    profile.syscalls.filter(({ names, action }) => action === "SCMP_ACT_ALLOW" && names.includes(name));
  expect(allowing("fdatasync").map(({ comment }) => comment)).toEqual(["code of app: through libc.so.6"]);
  // Not through a pointer: no code takes the address of the stub that jumps to syscall(3).
  expect(allowing("getpriority")).toHaveLength(1);
  expect(allowing("setsockopt").map(({ args }) => args?.map(({ valueTwo }) => valueTwo))).toEqual([[1, 9]]);
  expect(allowing("socket").map(({ args }) => args?.map(({ valueTwo }) => valueTwo))).toEqual([[1]]);
  expect(allowing("ptrace")).toEqual([]);
  // arm64 has no such calls.
  for (const name of ["open", "stat", "fork", "poll"]) expect(allowing(name)).toEqual([]);
});
