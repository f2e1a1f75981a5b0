import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { review } from "../../src/commands/review.ts";
import type { FailureKind } from "../../src/words/index.ts";
import type { Terminal } from "../../src/project/index.ts";

/** Files of other kinds that hold profiles, in a repository without recordings. */
let folder = "";
let out = "";
const startedIn = process.cwd();
const terminal: Terminal = {
  out: (text: string) => (out += text),
  note: () => undefined,
  color: false,
  width: 120,
} as unknown as Terminal;

const git = (...args: readonly string[]): string =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: folder, encoding: "utf8" });

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function commit(): void {
  git("add", "-A");
  git("commit", "-qm", "base");
}

async function reviewed(
  format: "text" | "json" | "sarif" = "text",
  failOn: readonly FailureKind[] = ["any"],
  arch: "amd64" | "of the profile" = "amd64",
) {
  out = "";
  return review(
    "HEAD",
    {
      format,
      also: [],
      failOn,
      against: undefined,
      capAdd: [],
      capDrop: [],
      arch: arch === "amd64" ? arch : undefined,
      kernel: undefined,
      runtime: "runc",
    },
    terminal,
  );
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "review-files-"));
  git("init", "-q", "-b", "main");
  write("README.md", "A repository.\n");
  commit();
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(startedIn);
  rmSync(folder, { recursive: true, force: true });
});

const json = (...names: readonly string[]): string =>
  JSON.stringify({
    defaultAction: "SCMP_ACT_ERRNO",
    architectures: ["SCMP_ARCH_X86_64"],
    syscalls: [{ names, action: "SCMP_ACT_ALLOW" }],
  });
const operator = (...names: readonly string[]): string => `apiVersion: security-profiles-operator.x-k8s.io/v1beta1
kind: SeccompProfile
metadata: { name: web }
spec:
  defaultAction: SCMP_ACT_ERRNO
  architectures: [SCMP_ARCH_X86_64]
  syscalls:
  - action: SCMP_ACT_ALLOW
    names: [${names.join(", ")}]
`;
const configMap = (...names: readonly string[]): string =>
  `kind: ConfigMap\nmetadata: { name: p }\ndata:\n  web.json: |\n    ${json(...names)}\n`;
const escaped = (text: string): string =>
  text.replace("defaultAction", "\\u0064efaultAction").replaceAll("SCMP_ACT_", "\\u0053CMP_ACT_");

describe("a call that became possible is named, wherever the profile stands", { timeout: 60_000 }, () => {
  test.each([
    ["a SeccompProfile", "deploy/web.yaml", operator, "deploy/web.yaml#web"],
    ["a SeccompProfile in a file without an ending", "deploy/web", operator, "deploy/web#web"],
    ["JSON in a ConfigMap", "k8s.yml", configMap, "k8s.yml#p/web.json"],
    [
      "JSON with comments",
      "seccomp.jsonc",
      (...names: string[]) => `// our profile\n${json(...names)}`,
      "seccomp.jsonc",
    ],
    ["JSON without an ending", "docker/seccomp", json, "docker/seccomp"],
    [
      "JSON called .txt, its names written with escapes",
      "a.txt",
      (...names: string[]) => escaped(json(...names)),
      "a.txt",
    ],
    [
      "a List in JSON",
      "all.json",
      (...names: string[]) =>
        JSON.stringify({
          kind: "List",
          items: [{ kind: "ConfigMap", metadata: { name: "p" }, data: { w: json(...names) } }],
        }),
      "all.json#p/w",
    ],
  ])("%s", async (_, path, text, shown) => {
    write(path, text("read"));
    commit();
    write(path, text("read", "ptrace"));
    expect(await reviewed()).toBe(1);
    expect(out).toContain(shown);
    expect(out).toMatch(/Stop: .* may now ptrace/);
    await reviewed("sarif");
    expect(out).toContain(`"uri": "${path}"`);
  });

  test("several profiles of a file are told apart by their names, whatever their order", async () => {
    write("all.yaml", `${operator("read")}---\n${configMap("read")}`);
    commit();
    write("all.yaml", `${configMap("read")}---\n${operator("read", "bpf")}`);
    expect(await reviewed()).toBe(1);
    expect(out).toMatch(/web may now bpf/);
    expect(out).not.toMatch(/may now read/);
  });

  test("a template that speaks of a profile and is no YAML stops the gate; a program's source does not", async () => {
    write("chart/seccomp.yaml", `{{ if .Values.x }}\n${operator("read")}{{ end }}`);
    write("main.go", 'const a = "SCMP_ACT_ALLOW" // defaultAction: {');
    expect(await reviewed()).toBe(1);
    expect(out).toMatch(/chart\/seccomp\.yaml.*cannot be read/s);
    expect(out).not.toContain("main.go");
  });

  test("a submodule or a link in place of a file that held a profile stops the gate", async () => {
    write("deploy/web", operator("read"));
    commit();
    rmSync(join(folder, "deploy/web"));
    symlinkSync("/etc/hostname", join(folder, "deploy/web"));
    expect(await reviewed()).toBe(1);
    expect(out).toMatch(/not looked at: deploy\/web/);
  });

  test("a link that leads to another profile stops the gate, whatever it is called", async () => {
    const links = ["app.json", "app", "deploy/app", "folder"];
    write("deploy/tight/app", json("read"));
    write("deploy/wide/app", json("read", "ptrace"));
    const lead = (to: string): void => {
      for (const link of links) {
        rmSync(join(folder, link), { force: true });
        const target = link === "folder" ? to : `${to}/app`;
        symlinkSync(link.startsWith("deploy/") ? target : `deploy/${target}`, join(folder, link));
      }
    };
    lead("tight");
    commit();
    lead("wide");
    expect(await reviewed()).toBe(1);
    for (const link of links) expect(out).toContain(`not looked at: ${link}: it is not a file`);
  });

  test("a submodule in place of profiles/ stops the gate", async () => {
    write("profiles/web.json", json("read"));
    commit();
    rmSync(join(folder, "profiles"), { recursive: true });
    git("rm", "-rq", "--cached", "profiles");
    git("update-index", "--add", "--cacheinfo", `160000,${git("rev-parse", "HEAD").trim()},profiles`);
    mkdirSync(join(folder, "profiles"));
    expect(await reviewed()).toBe(1);
    expect(out).toMatch(/not looked at: profiles: it is not a file/);
  });
});

describe("findings have an identity", { timeout: 60_000 }, () => {
  const rules = (...groups: readonly object[]): string =>
    JSON.stringify({
      defaultAction: "SCMP_ACT_ERRNO",
      architectures: ["SCMP_ARCH_X86_64"],
      syscalls: groups.map((group) => ({ action: "SCMP_ACT_ALLOW", ...group })),
    });
  const lint = async (before: string, after: string): Promise<readonly string[]> => {
    write("seccomp.json", before);
    commit();
    write("seccomp.json", after);
    await reviewed("json");
    const [profile] = (
      JSON.parse(out) as { profiles: { state: { findings: { kind: string }[]; failures: string[] } }[] }
    ).profiles;
    return [...(profile?.state.findings.map(({ kind }) => kind) ?? []), ...(profile?.state.failures ?? [])];
  };
  const socket = (op: string, value: number): object => ({ names: ["socket"], args: [{ index: 0, value, op }] });

  test("a finding with fewer names is not new", async () => {
    expect(await lint(rules({ names: ["bpf", "ptrace", "read"] }), rules({ names: ["ptrace", "read"] }))).toEqual([]);
  });

  test("a narrowing that opens a bypass is new, although the same call had one before", async () => {
    expect(
      await lint(
        rules(socket("SCMP_CMP_NE", 40)),
        rules(socket("SCMP_CMP_LT", 38), socket("SCMP_CMP_EQ", 39), socket("SCMP_CMP_GT", 40)),
      ),
    ).toContain("wide-comparison");
  });

  test("a narrowing without a new bypass is not", async () => {
    expect(
      await lint(rules(socket("SCMP_CMP_NE", 40), { names: ["read"] }), rules(socket("SCMP_CMP_NE", 40))),
    ).not.toContain("wide-comparison");
  });

  test("where nobody recorded, no recording is demanded", async () => {
    expect(await lint(rules({ names: ["read"] }), rules({ names: ["read", "getpid"] }))).toEqual(["widened"]);
    await reviewed();
    expect(out).toContain("it has no recording");
    expect(out).not.toContain("seccomp-gen record");
  });

  test("a closing shows the rules before and after, and a call that was let through", async () => {
    await lint(
      rules({ names: ["read", "personality"] }),
      rules({ names: ["read"] }, { names: ["personality"], args: [{ index: 0, value: 8, op: "SCMP_CMP_EQ" }] }),
    );
    await reviewed();
    expect(out).toContain("1 syscall closed or narrowed");
    expect(out.replace(/\s+/g, " ")).toContain(
      "personality: allow always → allow arg0 = 8 (PER_LINUX32); for example personality(PER_LINUX): " +
        "allowed before, now EPERM",
    );
  });

  test("a call that is closed on two architectures is counted once", async () => {
    const both = (text: string): string =>
      text.replace('["SCMP_ARCH_X86_64"]', '["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]');
    await lint(both(rules({ names: ["read", "getpid"] })), both(rules({ names: ["read"] })));
    await reviewed();
    expect(out).toContain("1 syscall closed or narrowed");
    expect(out).toContain("with fewer arguments (1)");
  });

  test("a profile for other machines is judged as on them", async () => {
    const on = (arches: readonly string[], ...syscalls: object[]): string =>
      JSON.stringify({
        defaultAction: "SCMP_ACT_ERRNO",
        architectures: arches.map((arch) => `SCMP_ARCH_${arch}`),
        syscalls: syscalls.map((group) => ({ action: "SCMP_ACT_ALLOW", ...group })),
      });
    const s390 = (...groups: object[]): string => on(["S390X", "S390"], { names: ["read"] }, ...groups);
    const args = [{ index: 1, value: 2114060288, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }];
    write("profiles/a.json", s390());
    write("profiles/b.json", on(["AARCH64"], { names: ["read"] }));
    commit();
    write("profiles/a.json", s390({ names: ["clone"], args }));
    write("profiles/b.json", on(["AARCH64"], { names: ["read", "fdatasync", "iopl"] }));
    expect(await reviewed("text", ["any"], "of the profile")).toBe(1);
    expect(out).toMatch(/look at it: clone \(s390x, s390\)/);
    expect(out).not.toMatch(/dangerous: clone|CLONE_NEW/);
    expect(out).toContain("fdatasync (arm64)");
    // arm64 does not have this call. On amd64, a container with this profile may make it.
    expect(out).toContain("dangerous: amd64; beyond Docker's default: iopl");
  });

  test("what is possible under other capabilities only stands in the first sentence", async () => {
    const under = (name: string): string => rules({ names: ["ptrace"], excludes: { caps: [name] } });
    write("profiles/a.json", under("CAP_SYS_PTRACE"));
    commit();
    write("profiles/a.json", under("CAP_SYS_ADMIN"));
    expect(await reviewed()).toBe(1);
    expect(out).toMatch(/Stop: a may now ptrace on other hosts\./);
    await reviewed("sarif");
    expect(out).toContain("dangerous: amd64, with CAP_SYS_PTRACE: ptrace");
  });

  test("what is dangerous on other hosts is named before what is ordinary here", async () => {
    const bpf = { names: ["bpf"], includes: { caps: ["CAP_SYS_ADMIN"] } };
    write("profiles/a.json", rules({ names: ["read"] }));
    commit();
    write("profiles/a.json", rules({ names: ["read", "getpid"] }, bpf));
    expect(await reviewed()).toBe(1);
    expect(out).toMatch(/Stop: a may now bpf on other hosts\./);
    expect(out).toMatch(/\+1 possible elsewhere \(1 dangerous\)/);
    expect(out).toMatch(/dangerous: amd64, with CAP_SYS_ADMIN: bpf/);
  });

  test("a code scanning service is told of a profile without a filter", async () => {
    write("profiles/a.json", "{}");
    await reviewed("sarif");
    expect(out).toContain("NO FILTER AT ALL");
  });
});

describe("what Kubernetes reads is read, whatever it looks like", { timeout: 60_000 }, () => {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const utf16 = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, "utf16le");
  const added = "  - action: SCMP_ACT_ALLOW\n    names: [ptrace]\n";

  test.each<[string, string | Buffer]>([
    ["a comment that a carriage return ends", `${operator("read")}# x\r${added}`],
    ["a comment that U+2028 ends", `${operator("read")}# x\u2028${added}`],
    ["a name in base64", operator("read", `!!binary ${base64("ptrace")}`)],
    ["a name in base64, its tag in escapes", operator("read", `!!bin%61ry ${base64("ptrace")}`)],
    [
      "members in base64",
      operator("read")
        .replace("names:", `!!binary ${base64("names")}:`)
        .replace("read", "ptrace"),
    ],
    ["an alias as a member", `x: &x syscalls\n${operator("read", "ptrace").replace("syscalls", "*x ")}`],
    [
      "a merge key behind another",
      `x: &x { names: [ptrace] }\ny: &y { <<: *x }\n${operator("read")}  - { <<: *y, action: SCMP_ACT_ALLOW }\n`,
    ],
    ["a name in two lines", operator("read", '"ptr\\\n      ace"')],
    ["UTF-16", utf16(operator("read", "ptrace"))],
    ["UTF-16, the other way round", utf16(operator("read", "ptrace")).swap16()],
  ])("%s", async (_, text) => {
    write("deploy/web.yaml", operator("read"));
    commit();
    writeFileSync(join(folder, "deploy/web.yaml"), text);
    expect([await reviewed(), out]).toEqual([1, expect.stringMatching(/Stop: .* may now ptrace/)]);
  });

  test.each<[string, string | Buffer]>([
    ["UTF-16", utf16(operator("ptrace"))],
    [
      "words in base64",
      operator("ptrace").replace(/SCMP_ACT_\w+|SeccompProfile|defaultAction/g, (word) => `!!binary ${base64(word)}`),
    ],
    [
      "a tag of another name",
      "%TAG ! tag:yaml.org,2002:\n---\n" +
        operator("ptrace").replace(/SCMP_ACT_\w+|SeccompProfile|defaultAction/g, (word) => `!binary ${base64(word)}`),
    ],
    [
      "words in two lines, and an alias of them as a member",
      `x: &x "default\\\n  Action"\n${operator("ptrace")
        .replace("defaultAction", "*x ")
        .replace(/SCMP_ACT_\w+|SeccompProfile/g, (word) => `"${word.slice(0, 6)}\\\n          ${word.slice(6)}"`)}`,
    ],
    [
      "a ConfigMap's JSON in base64",
      `kind: ConfigMap\nmetadata: {name: p}\ndata: {p: !!binary ${base64(json("ptrace"))}}`,
    ],
  ])("a new file in %s", async (_, text) => {
    writeFileSync(join(folder, "web.yml"), text);
    expect([await reviewed(), out]).toEqual([1, expect.stringContaining("ptrace")]);
  });

  test("in quotes, << is a member like others, which brings nothing", async () => {
    const open = `x: &x { syscalls: [{ action: SCMP_ACT_ERRNO, names: [ptrace] }] }\nkind: SeccompProfile
apiVersion: security-profiles-operator.x-k8s.io/v1beta1\nspec: { defaultAction: SCMP_ACT_ALLOW, <<: *x }\n`;
    write("web.yaml", open);
    commit();
    write("web.yaml", open.replace("<<", '"<<"'));
    expect([await reviewed(), out]).toEqual([1, expect.stringMatching(/may now ptrace/)]);
  });

  test("a merge key behind a member that it brings too is refused: readers disagree", async () => {
    write("web.yaml", `x: &x { defaultAction: SCMP_ACT_ALLOW }\n${operator("read").trimEnd()}\n  <<: *x\n`);
    expect([await reviewed(), out]).toEqual([1, expect.stringMatching(/"defaultAction" stands before <</)]);
  });

  test.each(["{}", "null"])("a ConfigMap's profile that became %s is no filter", async (rest) => {
    write("k8s.yml", configMap("read"));
    commit();
    write("k8s.yml", configMap("read").replace(json("read"), rest));
    expect([await reviewed(), out]).toEqual([1, expect.stringContaining("NO FILTER AT ALL")]);
  });

  test("a profile in a file of another name that cannot be read any more stops the gate", async () => {
    write("deploy/web", operator("read"));
    commit();
    write("deploy/web", `${operator("read", "ptrace")}{{ if }}\n`);
    expect([await reviewed(), out]).toEqual([1, expect.stringMatching(/cannot be read/)]);
  });
});
