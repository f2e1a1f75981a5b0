import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
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

/** The same program on a 32-bit machine. */
const narrow = log.replace("mmap(", "mmap2(").replace(/.*(?:clone|socket)\(.*\n/g, "");

test.each([
  ["i386", "SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
  ["arm", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
  ["mips", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS"],
  ["mipsel", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL"],
  ["mipsn32", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32"],
  ["s390", "SCMP_ARCH_S390X", "SCMP_ARCH_S390"],
])("a log of %s alone gives a profile that containers start with on 64-bit and 32-bit machines", (name, host, arch) => {
  writeFileSync(join(folder, "narrow"), name === "mipsn32" ? narrow.replace("mmap2(", "mmap(") : narrow);
  said("generate", "narrow", "--arch", name, "-o", "narrow.json");
  const { architectures } = JSON.parse(readFileSync(join(folder, "narrow.json"), "utf8")) as {
    readonly architectures: readonly string[];
  };
  expect(architectures).toEqual([host, arch]);
  for (const machine of [host, arch])
    expect(said("lint", "narrow.json", "--arch", machine)).not.toMatch(/missing-floor|beyond-elsewhere/);
  expect(said("check", "narrow.json", "narrow", "--arch", name)).toContain("allows every recorded call");
});

test.each(["ppc", "m68k", "sh", "parisc"])("Docker serves no %s beside a 64-bit machine's own programs", (name) => {
  writeFileSync(join(folder, "narrow"), narrow);
  said("generate", "narrow", "--arch", name, "-o", "narrow.json");
  expect(readFileSync(join(folder, "narrow.json"), "utf8")).toMatch(/"architectures": \["[^,]*"\]/);
  expect(said("lint", "narrow.json", "--arch", name)).not.toContain("missing-floor");
});

test("a refusal that the kernel has no reason for is told as a filter's", () => {
  const refused = ["clock_gettime64(0, 0x1)", "futex_time64(0x1, FUTEX_WAIT, 0)", "chroot(0x1)"].map(
    (call) => `100 ${call} = -1 EPERM (Operation not permitted)\n`,
  );
  writeFileSync(join(folder, "old-filter"), narrow.replace("100 exit_group", `${refused.join("")}100 exit_group`));
  const generated = said("generate", "old-filter", "--arch", "i386", "-o", "narrow.json");
  expect(generated).toContain(
    "the filter of an older engine, which does not know these, answered EPERM to them, and the profile allows them: " +
      "clock_gettime64, futex_time64\n",
  );
  expect(generated).toContain("the kernel itself answered EPERM to these, and the profile allows them: chroot\n");
});

test("check shows which argument a value without a name has", () => {
  writeFileSync(join(folder, "zero"), log.replace("100 exit_group", "100 unshare(0) = 0\n100 exit_group"));
  expect(said("check", "28.5.2", "zero", "--arch", "amd64")).toContain("unshare(arg0 = 0): EPERM");
});

test("a version of Docker may be a number alone", () => {
  for (const version of ["24", "v24.0", "24.0.9"])
    expect(said("diff", "--against", version, "s390x.json")).toMatch(
      /Docker 24(?:\.0|\.0\.9)?'s default → s390x\.json/,
    );
});

test("explain judges each architecture on its own machine, as diff and lint do", () => {
  const namespaces = 0x7e02_0000;
  const flags = (index: number): object => ({ index, value: namespaces, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" });
  const z = { arches: ["s390x"] };
  const clone = { names: ["clone"], action: "SCMP_ACT_ALLOW" };
  const profile = {
    defaultAction: "SCMP_ACT_ERRNO",
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_S390X"],
    syscalls: [
      { ...clone, args: [flags(0)], excludes: z },
      { ...clone, args: [flags(1)], includes: z },
      { names: ["s390_pci_mmio_read"], action: "SCMP_ACT_ALLOW", includes: z },
    ],
  };
  writeFileSync(join(folder, "z.json"), JSON.stringify(profile));
  const explained = said("explain", "z.json", "clone", "--arch", "amd64");
  expect(explained).toMatch(
    /on amd64\n[^]*only: +arg0 without CLONE_NEWNS[^]*on s390x\n[^]*only: +arg1 without CLONE_NEWNS/,
  );
  expect(explained).not.toContain("within reach");
  expect(said("explain", "z.json", "s390_pci_mmio_read", "--arch", "amd64")).toMatch(/on s390x\n +here: +allowed/);
  expect(said("lint", "z.json", "--arch", "amd64")).not.toMatch(/denies[^\n]*clone/);
});
