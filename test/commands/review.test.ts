import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { mergeRecordings, parseRecording, stringifyRecording } from "../../src/core/recording/index.ts";
import { syscallNames } from "../../src/core/tables/index.ts";
import type { Run } from "../../src/core/recording/types.ts";
import { generate } from "../../src/commands/generate.ts";
import { review, type ReviewOptions } from "../../src/commands/review.ts";
import type { Terminal } from "../../src/project/terminal/terminal.ts";
import type { FailureKind } from "../../src/words/review-model.ts";
import { schemaErrors } from "../support/schemas.ts";
import { generateOptions } from "../support/options.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = process.cwd();
/** The folder for files that must not be in the repository. */
const beside = mkdtempSync(join(tmpdir(), "seccomp-gen-beside-"));
let folder = "";
let out = "";
let notes: string[] = [];
const terminal: Terminal = {
  out: (text) => (out += text),
  note: (line) => notes.push(line),
  status: undefined,
  color: false,
  width: 80,
  interrupted: new AbortController().signal,
};
const defaults: ReviewOptions = {
  format: "markdown",
  also: [],
  failOn: ["dangerous", "unbacked", "beyond-docker"],
  against: undefined,
  capAdd: [],
  capDrop: [],
  arch: "amd64",
  kernel: undefined,
  runtime: "runc",
};

const git = (...args: readonly string[]): string =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: folder, encoding: "utf8" });

interface Group {
  names: string[];
  action: string;
  args?: object[];
  comment?: string;
  includes?: object;
}
interface Profile {
  defaultAction: string;
  architectures: string[];
  syscalls: Group[];
}

/** Changes the committed profile of nginx, as a person with an editor would. */
function edit(change: (profile: Profile) => void, path = "profiles/nginx.json", from = "profiles/nginx.json"): void {
  const profile = JSON.parse(readFileSync(join(folder, from), "utf8")) as Profile;
  change(profile);
  writeFileSync(join(folder, path), JSON.stringify(profile, undefined, 2));
}

function ourRun(): Run {
  const [run] = parseRecording(readFileSync(join(folder, "traces/nginx/recording.json"), "utf8"), "x").runs;
  if (run === undefined) throw new Error("no run");
  return run;
}

/** Records one more call, in a new run or in an existing one. */
function record(name: string, process: string, ...runs: readonly Run[]): void {
  const path = join(folder, "traces/nginx/recording.json");
  const recording = parseRecording(readFileSync(path, "utf8"), path);
  const more = {
    ...recording,
    runs: [...recording.runs, ...runs],
    // The program starts as programs of glibc do.
    syscalls: {
      SCMP_ARCH_X86_64: Object.fromEntries(
        ["set_robust_list", name].map((each) => [each, { calls: 1, results: ["ok"], processes: [process] }]),
      ),
    },
  };
  writeFileSync(path, stringifyRecording(mergeRecordings(recording, more)));
}

async function regenerate(): Promise<void> {
  await generate([], { ...generateOptions, all: true }, terminal);
}

async function reviewed(options: Partial<ReviewOptions> = {}, base?: string): Promise<number> {
  out = "";
  notes = [];
  return review(base, { ...defaults, ...options }, terminal);
}

/** The kinds for which the gate would fail. */
async function failures(): Promise<readonly FailureKind[]> {
  const file = join(beside, "review.json");
  await reviewed({ also: [{ format: "json", file }] });
  const document = JSON.parse(readFileSync(file, "utf8")) as { profiles: { state: { failures?: FailureKind[] } }[] };
  const { profiles } = document;
  expect(schemaErrors("review", document)).toEqual([]);
  return profiles.flatMap(({ state }) => state.failures ?? []);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seccomp-gen-review-"));
  git("init", "-q", "-b", "main");
  mkdirSync(join(folder, "profiles"));
  for (const path of ["profiles/nginx.json", "traces/nginx"])
    cpSync(join(root, path), join(folder, path), { recursive: true });
  git("add", "-A");
  git("commit", "-q", "-m", "first");
  git("checkout", "-q", "-b", "change");
  process.chdir(folder);
});
afterAll(() => process.chdir(here));

/** The text without code spans, where Markdown means nothing. */
function withoutCode(text: string): string {
  return text.replace(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, "");
}

describe("review", { timeout: 60_000 }, () => {
  test("of a branch that changed no profile says so, and passes", async () => {
    expect(await reviewed()).toBe(0);
    expect(out).toContain("No profile and no recording has changed");
  });

  test("a new call that deserves a question is not told as other arguments of an old one", async () => {
    record("splice", "nginx", ourRun());
    await regenerate();
    expect(await reviewed()).toBe(0);
    expect(out).toContain(
      "**Look at it:** `nginx` may now `splice`. " +
        "Nothing dangerous, but 1 call became possible that attackers can use.",
    );
  });

  test("a new benign call that was recorded: what, by whom, in which run, and that it is ordinary", async () => {
    record("flock", "logrotate", { ...ourRun(), command: ["docker", "run", "-v=…", "IMAGE"] });
    // The author forgot to regenerate the profile.
    expect(await reviewed()).toBe(1);
    expect(out).toMatch(
      new RegExp(
        "`traces/nginx/recording\\.json`: not committed yet; 1 new run: `docker run -v=… IMAGE` of .*; " +
          "newly seen: `flock`; the profile still denies: `flock`; recorded \\d+ of \\d+ calls",
      ),
    );
    expect(out).toMatch(/\(`profiles\/nginx\.json`\): .*it no longer matches its recording/);
    await regenerate();
    expect(await reviewed()).toBe(0);
    expect(out).toMatch(/^\*\*Ordinary:\*\* `nginx` may now `flock` and `fsync`\. /m);
    expect(out).toMatch(/\+2 syscalls; still within Docker's default\n/);
    expect(out).toContain(
      "| ordinary | `flock` | recorded | in the new run, by `logrotate`; `not in the code of any program that ran` | " +
        "`flock(…)`: ENOSYS before, now allowed |",
    );
    expect(await failures()).toEqual(["widened"]);
  });

  test("a recording that gained a call without a run, or is not as we write it, is doubted", async () => {
    record("flock", "logrotate");
    await regenerate();
    await reviewed();
    expect(out).toContain("new calls but no new run");
    expect(out).toContain("| recorded | for the first time, but no run is new, by `logrotate`");
    expect(out).not.toContain("seccomp-gen writes it in another way");
    const path = join(folder, "traces/nginx/recording.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"results": ["ok"]', '"results":["ok"]'));
    await reviewed();
    expect(out).toContain("seccomp-gen writes it in another way");
  });

  test("options that take calls in are seen as such, and stop", async () => {
    writeFileSync(join(folder, "traces/nginx/policy.json"), '{"allow":["flock"]}');
    await regenerate();
    expect(await failures()).toEqual(["widened", "unbacked"]);
    expect(out).toContain('options changed in `traces/nginx/policy.json`: `no options` → `{"allow":["flock"]}`');
    expect(out).toContain(
      "| ordinary | `flock` | **not recorded** | never recorded; added with --allow, " +
        "**only because the options changed**",
    );
    // After the merge they are not new.
    git("add", "-A");
    git("commit", "-q", "-m", "merged");
    record("getpriority", "nice", { ...ourRun(), command: ["docker", "run", "-i", "IMAGE"] });
    await regenerate();
    expect(await reviewed({ failOn: ["dangerous", "unbacked"] }, "HEAD")).toBe(0);
    expect(out).toMatch(/\| ordinary \| `getpriority` \| recorded \| in the new run, by `nice`/);
  });

  test("a ceiling that was raised, in the options or through the recorded capabilities, is seen", async () => {
    const open = {
      defaultAction: "SCMP_ACT_ERRNO",
      architectures: ["SCMP_ARCH_X86_64"],
      syscalls: [{ names: ["mount", "read", "execve"], action: "SCMP_ACT_ALLOW" }],
    };
    writeFileSync(join(folder, "ceiling.json"), JSON.stringify(open));
    writeFileSync(join(folder, "traces/nginx/policy.json"), '{"against":"ceiling.json"}');
    record("mount", "nginx", { ...ourRun(), capabilities: ["CAP_CHOWN", "CAP_SYS_ADMIN"] });
    await regenerate();
    expect(await failures()).toEqual(expect.arrayContaining(["dangerous", "beyond-docker"]));
    expect(out).toMatch(
      /recorded with capabilities that no former run had\*\*, to which Docker's default allows more: `CAP_SYS_ADMIN`/,
    );
    writeFileSync(join(folder, "traces/nginx/policy.json"), '{"against":"../../../../etc/passwd"}');
    expect(await reviewed({ failOn: [] })).toBe(1);
    expect(out).toMatch(/cannot be read\*\*: .*passwd: no such file in the repository/);
  });

  test("what a recording saw and Docker's default denies is said to stay denied", async () => {
    record("unshare", "sandbox");
    record("flock", "logrotate");
    await regenerate();
    await reviewed();
    expect(out).toMatch(
      /newly seen: `flock, unshare`; stays denied, because Docker [\d.]+'s default denies it: `unshare`;/,
    );
  });

  test("as text it fits the terminal", async () => {
    edit(({ syscalls }) => syscalls.push({ names: ["ptrace"], action: "SCMP_ACT_ALLOW" }));
    expect(await reviewed({ format: "text" })).toBe(1);
    expect(out).toMatch(/^ {2}dangerous: ptrace: /m);
    expect(out.split("\n").filter((line) => line.length > terminal.width)).toEqual([]);
  });

  test("a rule that counts on other hosts only does not hide", async () => {
    edit(({ syscalls }) =>
      syscalls.push({ names: ["ptrace"], action: "SCMP_ACT_ALLOW", includes: { minKernel: "99.0" } }),
    );
    expect(await failures()).toEqual(expect.arrayContaining(["dangerous", "unbacked"]));
    expect(out).toMatch(
      /\*\*Possible elsewhere\*\*, .*kernels or architectures:\s+- \*\*dangerous\*\*: `amd64, kernel 99\.0: ptrace`/,
    );
    git("checkout", "profiles");
    edit(({ syscalls }) =>
      syscalls.push({
        names: ["flock"],
        action: "SCMP_ACT_ALLOW",
        includes: { arches: ["amd64"], caps: ["CAP_CHOWN", "CAP_BPF"] },
      }),
    );
    expect(await reviewed({ failOn: ["dangerous"] })).toBe(0);
    expect(out).toContain(
      " on other hosts. Other capabilities, kernels or architectures are allowed more than before.",
    );
    expect(await reviewed({ failOn: ["widened"] })).toBe(1);
  });

  test("of a default action that lets everything through names what attackers look for", async () => {
    edit((profile) => {
      profile.defaultAction = "SCMP_ACT_LOG";
      profile.syscalls = profile.syscalls.filter(({ names }) => !names.includes("bpf"));
    });
    expect(await failures()).toEqual(expect.arrayContaining(["dangerous", "beyond-docker"]));
    expect(out).toMatch(
      new RegExp(
        "\\*\\*Dangerous: every call that no rule names is possible now\\*\\*, also calls of future kernels; " +
          "among them `.*\\bbpf\\b",
      ),
    );
    expect(out).not.toMatch(/^- `(.+)`: `(.+)` → `\2`$/m);
  });

  test("of a base image bump names the new digest and the new calls", async () => {
    const path = join(folder, "traces/nginx/recording.json");
    writeFileSync(path, readFileSync(path, "utf8").replace(/sha256:[0-9a-f]+/, `sha256:${"5".repeat(64)}`));
    record("getpriority", "nginx");
    await regenerate();
    expect(await reviewed()).toBe(0);
    expect(out).toMatch(/1 new run: .*@sha256:555.*1 run is gone; newly seen: `getpriority`/);
  });

  test("a renamed profile is compared with what it was", async () => {
    git("mv", "profiles/nginx.json", "profiles/web.json");
    git("mv", "traces/nginx", "traces/web");
    expect(await reviewed()).toBe(0);
    expect(out).toMatch(
      /\*\*web\*\* \(`profiles\/web\.json`\), renamed from `profiles\/nginx\.json`: every call gets the same answer/,
    );
    edit(
      ({ syscalls }) => syscalls.push({ names: ["ptrace"], action: "SCMP_ACT_ALLOW" }),
      "profiles/web.json",
      "profiles/web.json",
    );
    expect(await reviewed()).toBe(1);
    expect(out).toMatch(/\*\*dangerous\*\* \| `ptrace`/);
  });

  test("a recorded call that is widened by hand is said to be recorded with other arguments only", async () => {
    edit(({ syscalls }) => {
      syscalls.splice(0, syscalls.length, ...syscalls.filter(({ names }) => !names.includes("clone")), {
        names: ["clone"],
        action: "SCMP_ACT_ALLOW",
      });
    });
    expect(await failures()).toContain("unbacked");
    expect(out).toMatch(/`clone.*\*\*not recorded\*\* \| its recording gives this call only with other arguments;? /);
  });

  test("a friendly comment does not hide a dangerous call", async () => {
    edit(({ syscalls }) =>
      syscalls.push({ names: ["ptrace"], action: "SCMP_ACT_ALLOW", comment: "observed: harmless" }),
    );
    expect(await failures()).toEqual(["widened", "dangerous", "unbacked", "lint"]);
    expect(out).toContain(
      "| **dangerous** | `ptrace`: reads, writes or steers other processes | **not recorded** | its recording " +
        "does not have this call; the profile's own comment says `observed: harmless`; " +
        "`not in the code of any program that ran` | " +
        "`ptrace(PTRACE_TRACEME)`: ENOSYS before, " +
        "now allowed |",
    );
  });

  test("a widened argument: the example is the call that Docker denies", async () => {
    edit(({ syscalls }) => {
      for (const group of syscalls) if (group.names.includes("socket")) delete group.args;
    });
    expect(await failures()).toEqual(["widened", "dangerous", "unbacked", "beyond-docker", "lint"]);
    expect(out).toMatch(
      /`socket\(AF_ALG\)` and more arguments: .*AF_ALG .*Docker's default denies it\*\*.* \| `socket\(AF_ALG\)`/,
    );
  });

  test("a mask that lost one bit opens families, and they are named", async () => {
    edit(({ syscalls }) => {
      for (const { names, args = [] } of syscalls)
        for (const arg of args)
          if (names.includes("socket") && "value" in arg && arg.value === 0xffff_fff7)
            Object.assign(arg, { value: 0xffff_fff3 });
    });
    expect(await failures()).toContain("unbacked");
    expect(out).toMatch(/`socket\(AF_NETROM or AF_SECURITY\)` too/);
  });

  test("a widening behind reordering: only the widening is told", async () => {
    edit(({ syscalls }) => {
      for (const group of syscalls) group.names.reverse();
      syscalls.push({ names: ["flock"], action: "SCMP_ACT_ALLOW" });
    });
    await reviewed();
    expect(out.match(/^\| (?!danger|-).*? \|/gm)).toEqual(["| ordinary |"]);
  });

  test("reordering alone: nothing, but that the file is not the recording's", async () => {
    edit(({ syscalls }) => syscalls.reverse());
    expect(await failures()).toEqual(["unbacked"]);
    expect(out).toContain("every call gets the same answer as before");
  });

  test("another architecture and another default action are told, and stop", async () => {
    edit(({ architectures }) => architectures.push("SCMP_ARCH_X86"));
    expect(await failures()).toEqual(expect.arrayContaining(["widened", "unbacked"]));
    expect(out).toContain("architecture x86: now served");
    edit((profile) => (profile.defaultAction = "SCMP_ACT_ALLOW"));
    expect(await failures()).toEqual(expect.arrayContaining(["widened", "dangerous", "beyond-docker"]));
    expect(out).toContain("every call that no rule names is now allowed");
  });

  test("a profile that is new or gone is held against Docker's default", async () => {
    edit(() => undefined, "profiles/other.json");
    rmSync(join(folder, "profiles/nginx.json"));
    expect(await reviewed()).toBe(1);
    expect(out).toMatch(/\(`profiles\/other\.json`\): new, compared with Docker's default; .*closed or narrowed/);
    expect(out).toMatch(/\(`profiles\/nginx\.json`\): removed: Docker's default applies; \+\d+ syscalls/);
    expect(out).toMatch(/<details><summary>Also possible now, ordinary calls, [a-z ]+ \(\d+\)/);
  });

  test("what cannot be read is said, and fails", async () => {
    writeFileSync(join(folder, "profiles/broken.json"), '{"defaultAction": "SCMP_ACT_ALOW"}');
    symlinkSync("/etc/passwd", join(folder, "profiles/link.json"));
    writeFileSync(join(folder, "big.json"), `{"defaultAction": "${"x".repeat(5_000_000)}"}`);
    expect(await reviewed({ failOn: [] })).toBe(1);
    expect(out).toMatch(/broken\.json`\): \*\*cannot be read\*\*: `.*broken\.json:1:19/);
    expect(out).toMatch(/\*\*not looked at\*\*: `profiles\/link\.json`: it is not a file/);
    expect(out).toMatch(/\*\*not looked at\*\*: `big\.json`: it is too large/);
    expect(out).not.toContain("root:");
  });

  test("nothing from the change is Markdown, HTML or a mention: it stays in its code spans", async () => {
    const hostile = "x\n| y | <img src=x onerror=alert(1)> @team ``code` [a](http://evil) \u202e #12 \\| \u001b[31m";
    edit(({ syscalls }) => syscalls.push({ names: ["flock"], action: "SCMP_ACT_ALLOW", comment: hostile }));
    edit(() => undefined, "profiles/<b>|`@x\n## y.json");
    const formats = ["text", "html", "sarif", "codeclimate", "json"] as const;
    const file = (format: string): string => join(beside, `hostile.${format}`);
    await reviewed({ also: formats.map((format) => ({ format, file: file(format) })) });
    const [text = "", html = "", ...others] = formats.map((format) => readFileSync(file(format), "utf8"));
    const row = out.split("\n").filter((line) => line.includes("onerror"));
    expect(row).toHaveLength(1);
    // Outside of code spans nothing of it remains, and the row has as many cells as its head.
    expect(withoutCode(out)).not.toMatch(/<img|<b>|@|evil|#12|\u202e|\u001b|^## y/m);
    expect(row[0]?.replace(/\\./g, "").split("|")).toHaveLength(7);
    expect(text).not.toMatch(/\u202e|\u001b|^\| y/m);
    expect(html).not.toMatch(/<img|<b>/);
    expect(html).toContain("Content-Security-Policy");
    for (const document of others) expect(JSON.stringify(JSON.parse(document))).toContain("onerror");
  });

  test("names that hide a profile from a reader of JSON keys do not hide it from us", async () => {
    mkdirSync(join(folder, "deploy"));
    writeFileSync(join(folder, "deploy/a.json"), '{"\\u0064efaultAction": "SCMP_ACT_ALLOW"}');
    writeFileSync(join(folder, "deploy/b.json"), '{"DefaultAction": "SCMP_ACT_ALLOW"}');
    writeFileSync(join(folder, "profiles/c.seccomp"), '{"defaultAction": "SCMP_ACT_ALLOW"}');
    writeFileSync(join(folder, "profiles/d.json"), '{"defaultAction": "SCMP_ACT_ALLOW", ');
    writeFileSync(join(folder, "other.json"), '{"a": 1}');
    writeFileSync(
      join(folder, "deploy/e.json"),
      '{"kind": "SeccompProfile", "spec": {"defaultAction": "SCMP_ACT_ALLOW"}}',
    );
    writeFileSync(
      join(folder, "deploy/f.json"),
      '{"defaultAction": "SCMP_ACT_ALLOW", "kind": "SeccompProfile", "spec": {"defaultAction": ' + '"SCMP_ACT_ERRNO"}}',
    );
    writeFileSync(
      Buffer.concat([Buffer.from(`${folder}/deploy/`), Buffer.from([0xff]), Buffer.from(".json")]),
      '{"defaultAction": "SCMP_ACT_ALLOW"}',
    );
    expect(await reviewed()).toBe(1);
    expect(out).toMatch(/\*\*not looked at\*\*: .*its name is not UTF-8/);
    for (const path of [
      "deploy/a.json",
      "deploy/b.json",
      "deploy/e.json",
      "deploy/f.json",
      "profiles/c.seccomp",
      "profiles/d.json",
    ])
      expect(out).toMatch(new RegExp(`\\(.*\`${path}\`.*\\): `));
    expect(out).not.toContain("other.json");
  });

  test("rules made to be endless are said to be so", async () => {
    const bitOf = (index: number, bit: number): object => ({
      index,
      value: 2 ** bit,
      valueTwo: 2 ** bit,
      op: "SCMP_CMP_MASKED_EQ",
    });
    const args = (bit: number): object[] => [bitOf(0, bit), bitOf(1, 39 - bit)];
    edit(({ syscalls }) =>
      syscalls.push(
        ...Array.from({ length: 40 }, (_, bit) => ({ names: ["ptrace"], action: "SCMP_ACT_ALLOW", args: args(bit) })),
      ),
    );
    expect(await reviewed({ failOn: [] })).toBe(1);
    expect(out).toMatch(/cannot be read\*\*: `its rules cannot be compared: the rules of ptrace overlap/);
  });

  test("stands beside the lines in SARIF and in GitLab's report, and in several files at once", async () => {
    edit(({ syscalls }) => syscalls.push({ names: ["flock", "ptrace"], action: "SCMP_ACT_ALLOW" }));
    const lineOf = (name: string): number =>
      1 +
      readFileSync(join(folder, "profiles/nginx.json"), "utf8")
        .split("\n")
        .findLastIndex((text) => text.includes(`"${name}"`));
    const line = lineOf("ptrace");
    expect(
      await reviewed({
        also: [
          { format: "sarif", file: join(folder, "out/a.sarif") },
          { format: "codeclimate", file: join(folder, "out/a.cc") },
        ],
      }),
    ).toBe(1);
    const sarif = JSON.parse(readFileSync(join(folder, "out/a.sarif"), "utf8")) as {
      runs: { results: { ruleId: string; level: string; locations: { physicalLocation: object }[] }[] }[];
    };
    const results = sarif.runs[0]?.results ?? [];
    const place = (name: string): object => ({
      physicalLocation: { artifactLocation: { uri: "profiles/nginx.json" }, region: { startLine: lineOf(name) } },
    });
    // Each change has one alert at its own line. Lint does not repeat it.
    expect(results.slice(0, 3).map(({ ruleId, level, locations: [at] }) => [ruleId, level, at])).toMatchObject([
      ["unbacked-profile", "error", {}],
      ["newly-possible", "error", place("ptrace")],
      ["newly-possible", "note", place("flock")],
    ]);
    const lint = results.slice(3).map(({ ruleId }) => ruleId);
    expect(lint.filter((rule) => /newly|dangerous|beyond/.test(rule))).toEqual([]);
    expect(schemaErrors("sarif", sarif)).toEqual([]);
    expect(schemaErrors("code-quality", JSON.parse(readFileSync(join(folder, "out/a.cc"), "utf8")))).toEqual([]);
    const issues = JSON.parse(readFileSync(join(folder, "out/a.cc"), "utf8")) as {
      check_name: string;
      fingerprint: string;
    }[];
    expect(issues.find(({ check_name }) => check_name === "newly-possible")).toMatchObject({
      severity: "critical",
      location: { path: "profiles/nginx.json", lines: { begin: line } },
    });
    expect(new Set(issues.map(({ fingerprint }) => fingerprint)).size).toBe(issues.length);
  });

  test("a shallow clone without the base says what to fetch", async () => {
    const shallow = mkdtempSync(join(tmpdir(), "seccomp-gen-shallow-"));
    edit(({ syscalls }) => syscalls.reverse());
    git("commit", "-q", "-a", "-m", "second");
    execFileSync(
      "git",
      ["clone", "-q", "--depth=1", "--single-branch", "--branch=change", `file://${folder}`, shallow],
      { stdio: "ignore" },
    );
    process.chdir(shallow);
    execFileSync("git", ["remote", "set-head", "origin", "--delete"], { stdio: "ignore" });
    await expect(reviewed()).rejects.toThrow(/shallow clone/);
    await expect(reviewed({}, "main")).rejects.toThrow(/git knows no revision main/);
  });

  test("a change that touches everything still fits into a comment", async () => {
    const names = syscallNames("SCMP_ARCH_X86_64");
    for (let index = 0; index < 24; index += 1)
      edit((profile) => {
        // Each profile has other ones, so that review does not group them.
        const others = names.slice(index * 5, index * 5 + 5);
        profile.syscalls = ["ptrace", "bpf", "mount", "keyctl", "userfaultfd", ...others].map((name) => ({
          names: [name],
          action: "SCMP_ACT_ALLOW",
          comment: "y".repeat(5000),
        }));
      }, `profiles/p${index}.json`);
    await reviewed();
    expect(out.length).toBeLessThan(65_536);
    expect(out).toMatch(
      /\*\*Cut\*\*: [^,]*\. [^,]*, [1-9]\d* profiles' details and the ends of long tables are left out/,
    );
    expect(out).toContain("lint error: `the container runtime itself may call");
  });

  test("against another revision; unknown ones and option-like ones are refused", async () => {
    edit(({ syscalls }) => syscalls.push({ names: ["flock"], action: "SCMP_ACT_ALLOW" }));
    git("commit", "-q", "-a", "-m", "second");
    expect(await reviewed({}, "HEAD")).toBe(0);
    expect(await reviewed({}, "main")).toBe(1);
    for (const base of ["nosuch", "--output=/tmp/x", "main..change"])
      await expect(reviewed({}, base)).rejects.toThrow(/git knows no revision/);
    expect(await reviewed({ format: "json" }, "main")).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      profiles: [{ path: "profiles/nginx.json", state: { type: "changed", source: "different" } }],
    });
  });
});
