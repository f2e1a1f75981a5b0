import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { spawnSync } from "node:child_process";
import { cli } from "../support/product.ts";

const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-machines-"));
const said = (...args: readonly string[]): string => {
  const { stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { cwd: folder, encoding: "utf8" });
  return `${stdout}${stderr}`;
};

const log = [
  'execve("/app", ["app"], 0x7ffc) = 0',
  "brk(NULL) = 0x1000",
  'openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3',
  "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0x2000",
  "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x3ff) = 101",
  "socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3",
  'sendto(3, "a", 1, 0, NULL, 0) = 1',
  "exit_group(0) = ?",
]
  .map((line) => `100 ${line}\n`)
  .join("");
writeFileSync(join(folder, "log"), log);

test.each(["arm64", "s390x", "riscv64", "ppc64le", "loong64"])(
  "a log of %s gives a profile of its own, without findings, that allows what it was made from",
  { timeout: 60_000 },
  (arch) => {
    const profile = `${arch}.json`;
    const generated = said("generate", "log", "--arch", arch, "-o", profile);
    expect(generated).toMatch(/only with some arguments \(explain CALL says which\): .*\bclone\b/);
    expect(generated).not.toContain("could not be read");
    expect(said("lint", profile)).toContain("no findings in this profile");
    expect(said("check", profile, "log", "--arch", arch)).toBe(`${profile} allows every recorded call\n`);
    const diff = said("diff", profile);
    expect(diff).not.toMatch(/are now served|dangerous|newly allowed/);
    expect(said("explain", profile)).not.toContain("other hosts");
  },
);

test("a version of Docker may be a number alone", () => {
  for (const version of ["24", "v24.0", "24.0.9"])
    expect(said("diff", "--against", version, "s390x.json")).toMatch(
      /Docker 24(?:\.0|\.0\.9)?'s default → s390x\.json/,
    );
});
