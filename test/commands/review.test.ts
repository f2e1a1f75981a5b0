import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { failureKinds } from "../../src/commands/failure-kinds.ts";
import type { FailureKind } from "../../src/commands/failure-kinds.ts";
import { generate } from "../../src/commands/generate.ts";
import { review } from "../../src/commands/review.ts";
import type { ReviewOptions } from "../../src/commands/review.ts";
import type { Terminal } from "../../src/commands/terminal.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = process.cwd();
let folder = "";
let out = "";
let notes: string[] = [];
const terminal: Terminal = { out: (text) => (out += text), note: (line) => notes.push(line), status: undefined, color: false, width: 80, interrupted: new AbortController().signal };
const defaults: ReviewOptions = { format: "markdown", failOn: ["dangerous", "unbacked", "beyond-docker"], against: undefined, capAdd: [], capDrop: [], arch: "amd64", kernel: undefined, runtime: "runc" };

const git = (...args: readonly string[]): string => execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: folder, encoding: "utf8" });

interface Group {
  names: string[];
  action: string;
  args?: object[];
  comment?: string;
}
interface Profile {
  defaultAction: string;
  architectures: string[];
  syscalls: Group[];
}

/** Changes the committed profile of nginx, as somebody with an editor would. */
function edit(change: (profile: Profile) => void, path = "profiles/nginx.json"): void {
  const profile = JSON.parse(readFileSync(join(folder, "profiles/nginx.json"), "utf8")) as Profile;
  change(profile);
  writeFileSync(join(folder, path), JSON.stringify(profile, undefined, 2));
}

async function reviewed(options: Partial<ReviewOptions> = {}, base: string | undefined = undefined): Promise<number> {
  out = "";
  notes = [];
  return review(base, { ...defaults, ...options }, terminal);
}

/** What the gate would stop for. */
async function failures(): Promise<readonly FailureKind[]> {
  const kinds: FailureKind[] = [];
  for (const kind of failureKinds) if (kind !== "any" && (await reviewed({ failOn: [kind] })) === 1) kinds.push(kind);
  return kinds;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seccomp-gen-review-"));
  git("init", "-q", "-b", "main");
  mkdirSync(join(folder, "profiles"));
  for (const path of ["profiles/nginx.json", "traces/nginx"]) cpSync(join(root, path), join(folder, path), { recursive: true });
  git("add", "-A");
  git("commit", "-q", "-m", "first");
  git("checkout", "-q", "-b", "change");
  process.chdir(folder);
});
afterAll(() => process.chdir(here));

describe("review", () => {
  test("of nothing", async () => {
    expect(await reviewed()).toBe(0);
    expect(out).toContain("No profile and no recording has changed");
  });

  test("a new benign call that was recorded: what, and that it is ordinary", async () => {
    const path = join(folder, "traces/nginx/recording.json");
    writeFileSync(path, readFileSync(path, "utf8").replace(/^( *)"SCMP_ARCH_X86_64": \{$/m, '$&\n$1  "flock": {"calls": 1, "results": ["ok"], "processes": ["logrotate"]},'));
    // The profile was forgotten.
    expect(await reviewed()).toBe(1);
    expect(out).toMatch(/traces\/nginx\/recording\.json: newly seen: flock/);
    expect(out).toMatch(/profiles\/nginx\.json: .*it is not what its recording gives/);
    await generate([], { args: "standard", exact: false, floor: "any", allow: [], deny: [], against: undefined, output: undefined, name: undefined, arch: undefined, all: true, check: false }, terminal);
    expect(await reviewed()).toBe(0);
    expect(out).toMatch(/\+1 syscall; still within Docker's default\n/);
    expect(out).toMatch(/\| ordinary \| flock \| observed/);
    expect(await failures()).toEqual(["widened"]);
  });

  test("a dangerous call with a friendly comment", async () => {
    edit(({ syscalls }) => syscalls.push({ names: ["ptrace"], action: "SCMP_ACT_ALLOW", comment: "observed: harmless" }));
    expect(await failures()).toEqual(["widened", "dangerous", "unbacked", "lint"]);
    expect(out).toMatch(/\| \*\*dangerous\*\* \| ptrace: reads, writes or steers other processes \| observed: harmless; not in the recording \| ptrace\(PTRACE_TRACEME\): ENOSYS → allow \|/);
  });

  test("a widened argument: the example is the call that Docker denies", async () => {
    edit(({ syscalls }) => {
      for (const group of syscalls) if (group.names.includes("socket")) delete group.args;
    });
    expect(await failures()).toEqual(["widened", "dangerous", "unbacked", "beyond-docker", "lint"]);
    expect(out).toMatch(/socket, under wider conditions .*socket\(AF_ALG\)/);
  });

  test("a widening behind reordering: only the widening is told", async () => {
    edit(({ syscalls }) => {
      for (const group of syscalls) group.names.reverse();
      syscalls.push({ names: ["flock"], action: "SCMP_ACT_ALLOW" });
    });
    await reviewed();
    expect(out.match(/^\| \w+ \|/gm)).toEqual(["| ordinary |"]);
  });

  test("reordering alone: nothing, but that the file is not the recording's", async () => {
    edit(({ syscalls }) => syscalls.reverse());
    expect(await failures()).toEqual(["unbacked"]);
    expect(out).toContain("every call gets the same answer as before");
  });

  test("another architecture and another default action", async () => {
    edit(({ architectures }) => architectures.push("SCMP_ARCH_X86"));
    expect(await failures()).toEqual(expect.arrayContaining(["widened", "unbacked"]));
    expect(out).toContain("architecture x86: now served");
    edit((profile) => (profile.defaultAction = "SCMP_ACT_ALLOW"));
    expect(await failures()).toEqual(expect.arrayContaining(["widened", "dangerous", "beyond-docker"]));
    expect(out).toContain("what it does not name is now allowed");
  });

  test("a profile that is new or gone is held against Docker's default", async () => {
    edit(() => undefined, "profiles/other.json");
    rmSync(join(folder, "profiles/nginx.json"));
    expect(await reviewed()).toBe(1);
    expect(out).toMatch(/profiles\/other\.json: new, compared with Docker's default; .*closed or narrowed/);
    expect(out).toMatch(/profiles\/nginx\.json: removed: Docker's default applies; \+\d+ syscalls/);
    expect(out).toMatch(/<details><summary>Also newly possible, ordinary calls \(\d+\)/);
  });

  test("what cannot be read is said, and fails", async () => {
    writeFileSync(join(folder, "profiles/broken.json"), '{"defaultAction": "SCMP_ACT_ALOW"}');
    symlinkSync("/etc/passwd", join(folder, "profiles/link.json"));
    writeFileSync(join(folder, "big.json"), `{"defaultAction": "${"x".repeat(5_000_000)}"}`);
    expect(await reviewed({ failOn: [] })).toBe(1);
    expect(out).toMatch(/broken\.json: cannot be read: .*broken\.json:1:19/);
    expect(out).toMatch(/link\.json: not looked at, it is no file/);
    expect(out).toMatch(/big\.json: not looked at, it is too large/);
    expect(out).not.toContain("root:");
  });

  test("nothing from the change is Markdown, HTML or a mention", async () => {
    const hostile = "x\n| y | <img src=x onerror=alert(1)> @team `code` [a](http://evil) \u202e";
    edit(({ syscalls }) => syscalls.push({ names: ["flock"], action: "SCMP_ACT_ALLOW", comment: hostile }));
    edit(() => undefined, "profiles/<b>|`@x\n## y.json");
    await reviewed();
    expect(out).not.toMatch(/<img|<b>|@team|@x|`code`|\[a\]|\u202e|^## y/m);
    expect(out.split("\n").filter((line) => line.startsWith("| ordinary"))).toHaveLength(1);
    await reviewed({ format: "text" });
    expect(out).not.toMatch(/\u202e|^\| y/m);
  });

  test("a change that touches everything still fits into a comment", async () => {
    for (let index = 0; index < 120; index += 1) edit(({ syscalls }) => syscalls.push({ names: ["ptrace", "bpf", "mount", "keyctl", "userfaultfd"], action: "SCMP_ACT_ALLOW", comment: "y".repeat(5000) }), `profiles/p${index}.json`);
    await reviewed();
    expect(out.length).toBeLessThan(65_536);
    expect(out).toContain("profiles/p119.json");
  }, 60_000);

  test("against another revision; unknown ones and option-like ones are refused", async () => {
    edit(({ syscalls }) => syscalls.push({ names: ["flock"], action: "SCMP_ACT_ALLOW" }));
    git("commit", "-q", "-a", "-m", "second");
    expect(await reviewed({}, "HEAD")).toBe(0);
    expect(await reviewed({}, "main")).toBe(1);
    for (const base of ["nosuch", "--output=/tmp/x", "main..change"]) await expect(reviewed({}, base)).rejects.toThrow(/git knows no revision/);
    expect(await reviewed({ format: "json" }, "main")).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ profiles: [{ path: "profiles/nginx.json", state: { type: "changed", source: "different" } }] });
  });
});
