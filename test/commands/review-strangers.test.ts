import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Repository } from "../support/repository.ts";
import { cli } from "../support/product.ts";

const groupOf = (action: string, names: string, more: object = {}): object => ({
  names: names.split(" "),
  action: `SCMP_ACT_${action}`,
  ...more,
});
const allow = (names: string, more: object = {}): object => groupOf("ALLOW", names, more);
const masked = (mask: number): object => ({ args: [{ index: 0, value: mask, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }] });
const document = (syscalls: readonly object[], members: object = {}): string =>
  JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 1, ...members, syscalls });
const x64 = "SCMP_ARCH_X86_64";
const x86 = "SCMP_ARCH_X86";
const arm64 = "SCMP_ARCH_AARCH64";
const basic = allow("read write mmap clone execve");

/** What review says of a commit that changes one profile, in one line. `undefined`: it was not there. */
function reviewed(before: string | undefined, after: string): string {
  const repository = new Repository();
  if (before === undefined) repository.write("README", "x\n");
  else repository.write("seccomp.json", before);
  repository.commit("before");
  repository.write("seccomp.json", after);
  repository.commit("after");
  return lined(repository.tool("review", "HEAD~1", "--format", "text", "--arch", "amd64").stdout);
}

function diffed(before: string, after: string): string {
  const repository = new Repository();
  repository.write("before.json", before);
  repository.write("after.json", after);
  return lined(repository.tool("diff", "before.json", "after.json", "--arch", "amd64").stdout);
}

function lined(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

describe.skipIf(!existsSync(cli))("the review of a profile that a person wrote", { timeout: 120_000 }, () => {
  test("judges the architectures of other machines as those machines do", () => {
    const text = reviewed(undefined, document([basic], { architectures: [x64, arm64] }));
    expect(text).not.toMatch(/architecture arm64|calls of arm64|kill thread before/);
    expect(text).toContain("clone(CLONE_NEWNS) and more arguments (amd64, arm64)");
    expect(text).toContain("architecture arm: no longer served");
    const listed = document([basic], { architectures: [x64] });
    // libseccomp always serves a machine's own calls, so listing them opens nothing.
    expect(reviewed(listed, document([basic], { architectures: [x64, arm64] }))).toContain(
      "Fine. Nothing new became possible.",
    );
  });

  test("judges a rule for another machine there, and not as if this machine ran its calls", () => {
    const onArm = { includes: { arches: ["arm64"] } };
    const members = { architectures: [x64, arm64] };
    const text = diffed(document([basic], members), document([basic, allow("ptrace", onArm)], members));
    expect(text).toContain("arm64: 5 syscalls allowed before, 6 after newly allowed (1) ptrace newly allowed on other");
    expect(text).toContain("other hosts (1) amd64, under");
  });

  test("names no call on a machine that does not have it", () => {
    const text = reviewed(undefined, document([groupOf("ERRNO", "chmod")], { defaultAction: "SCMP_ACT_ALLOW" }));
    expect(text).toContain("every call that no rule names is possible now");
    expect(text).not.toContain("Possible elsewhere");
    const denies = [groupOf("ERRNO", "riscv_flush_icache", { excludes: { arches: ["arm64"] } })];
    const members = { defaultAction: "SCMP_ACT_ALLOW" };
    expect(diffed(document(denies, members), document([], members))).not.toMatch(/(?:arm|s390x|ppc64le): riscv_/);
  });

  test("says of a changed default once which architectures it is for", () => {
    const both = { architectures: [x64, x86] };
    const text = diffed(document([basic], both), document([basic], { ...both, defaultAction: "SCMP_ACT_LOG" }));
    expect(text).toContain("amd64, x86: what no rule names: EPERM → allow and log");
  });

  test("calls an old spelling of an allowed call beyond Docker's default, and not dangerous", () => {
    const both = { architectures: [x64, x86] };
    const text = reviewed(document([basic], both), document([basic, allow("sigaction readdir")], both));
    expect(text).toContain("Stop: seccomp may now readdir (x86) and sigaction (x86). The check fails, because");
    expect(text).toContain("look at it: sigaction (x86)");
    expect(text).not.toContain("dangerous: sigaction");
    expect(reviewed(document([basic]), document([basic, allow("sethostname")]))).toContain("dangerous: sethostname");
  });

  test("gives the reason of the family that is the example", () => {
    const families = (last: number): object =>
      allow("socket", { args: [{ index: 0, value: last, op: "SCMP_CMP_LT" }] });
    const text = reviewed(document([basic, families(38)]), document([basic, families(39)]));
    expect(text).toMatch(/dangerous: socket\(AF_ALG\) and more arguments: AF_ALG reaches the kernel's cryptography/);
    expect(text).not.toContain("AF_VSOCK reaches");
  });

  test("does not call ordinary what it warns of", () => {
    const text = reviewed(document([basic]), document([basic, allow("pkey_mprotect")]));
    expect(text).toContain("look at it: pkey_mprotect: memory that is writable and executable");
  });

  test("says what a denied call answered and answers, and for which architecture alone", () => {
    const both = { architectures: [x64, x86], defaultErrnoRet: 38 };
    const text = reviewed(
      document([basic, allow("waitpid"), groupOf("ERRNO", "acct", { errnoRet: 13 })], both),
      document([basic, groupOf("ERRNO", "acct swapon", { errnoRet: 1 })], both),
    );
    expect(text).toContain("Denied as before, with another answer (2): EACCES → EPERM: acct ENOSYS → EPERM: swapon");
    expect(text).toContain("waitpid (x86): allow always → ENOSYS");
  });

  test("says no rule beside one that allows every call", () => {
    const text = reviewed(
      document([basic, allow("personality", masked(0x40000))]),
      document([basic, allow("personality"), allow("personality", masked(0x40000))]),
    );
    expect(text).toContain("personality: allow arg0 & 0x40000 (ADDR_NO_RANDOMIZE) = 0 → allow always");
  });

  test("shows a question to personality as what it is, and not as all flags", () => {
    const query = { args: [{ index: 0, value: 0xffff_ffff, op: "SCMP_CMP_EQ" }] };
    const text = reviewed(document([basic]), document([basic, allow("personality", query)]));
    expect(text).toContain("personality(0xffffffff)");
    expect(text).not.toContain("ADDR_NO_RANDOMIZE");
  });

  test("has nothing to look at in an ordinary call of another machine", () => {
    const machines = {
      archMap: [
        { architecture: x64, subArchitectures: [] },
        { architecture: arm64, subArchitectures: ["SCMP_ARCH_ARM"] },
      ],
    };
    const arm = (names: string): object => allow(names, { includes: { arches: ["arm64"] } });
    const text = reviewed(
      document([basic, arm("fdatasync")], machines),
      document([basic, arm("fdatasync utimensat")], machines),
    );
    expect(text).toContain("Ordinary: seccomp may now utimensat on other hosts.");
    const dangerous = reviewed(document([basic], machines), document([basic, arm("mknodat")], machines));
    expect(dangerous).toContain("Look at it: seccomp may now mknodat on other hosts.");
  });

  test("tells what is no longer possible for containers with other capabilities", () => {
    const without = { excludes: { caps: ["CAP_SYS_PTRACE"] } };
    const text = reviewed(document([basic, allow("ptrace")]), document([basic, allow("ptrace", without)]));
    expect(text).toContain("every call gets the same answer as before on the hosts it is judged for; 1 no longer");
    expect(text).toContain("No longer possible elsewhere (1): amd64, with CAP_SYS_PTRACE: ptrace");
  });
});
