import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { isBuilt, notBuilt } from "../support/machine.ts";
import { mergeRecordings, parseRecording, stringifyRecording } from "../../src/core/recording/index.ts";
import { gitSetup } from "../../src/commands/git-setup.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
let folder = "";
/** A copy of the program that a test can remove. */
let program = "";

interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(tool: string, args: readonly string[], cwd = folder): Answer {
  return spawnSync(tool, args, {
    cwd,
    encoding: "utf8",
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "t",
      GIT_AUTHOR_EMAIL: "t@t",
      GIT_COMMITTER_NAME: "t",
      GIT_COMMITTER_EMAIL: "t@t",
    },
  });
}
const git = (...args: readonly string[]): Answer => run("git", args);
const tool = (...args: readonly string[]): Answer => run(process.execPath, [program, ...args]);

/** A branch on which one more call was recorded and the profile regenerated. */
function branch(name: string, call: string): void {
  git("checkout", "-q", "-b", name, "main");
  const path = join(folder, "traces/nginx/recording.json");
  const recording = parseRecording(readFileSync(path, "utf8"), path);
  const more = {
    ...recording,
    syscalls: { SCMP_ARCH_X86_64: { [call]: { calls: 1, results: ["ok"], processes: [name] } } },
  };
  writeFileSync(path, stringifyRecording(mergeRecordings(recording, more)));
  expect(tool("generate", "--all").status).toBe(0);
  git("commit", "-q", "-a", "-m", name);
}

const committed = (path: string): string => readFileSync(join(folder, path), "utf8");

describe("git-setup", { timeout: 120_000 }, () => {
  beforeEach(({ skip }) => skip(!isBuilt, notBuilt));
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "seccomp-gen-git-")), "a b 'c");
    mkdirSync(join(folder, "profiles"), { recursive: true });
    const place = mkdtempSync(join(tmpdir(), "seccomp-gen place "));
    symlinkSync(join(root, "node_modules"), join(place, "node_modules"));
    symlinkSync(join(root, "profiles"), join(place, "profiles"));
    cpSync(join(root, "package.json"), join(place, "package.json"));
    cpSync(join(root, "dist"), join(place, "dist"), { recursive: true });
    program = join(place, "dist/cli.cjs");
    git("init", "-q", "-b", "main");
    for (const path of ["profiles/nginx.json", "traces/nginx"])
      cpSync(join(root, path), join(folder, path), { recursive: true });
    writeFileSync(join(folder, ".gitattributes"), "*.png binary\n");
    git("add", "-A");
    git("commit", "-q", "-m", "first");
    expect(tool("git-setup").status).toBe(0);
  });

  test("two branches that each recorded something merge, and the profile is that of the merged recording", () => {
    git("commit", "-q", "-a", "-m", "attributes"); // branches without them would merge as text
    branch("one", "flock");
    branch("two", "getpriority");
    const merged = git("merge", "-q", "-m", "merge", "one");
    expect([merged.status, merged.stderr], merged.stdout).toEqual([0, expect.not.stringContaining("onflict")]);
    for (const name of ["flock", "getpriority"]) {
      expect(committed("traces/nginx/recording.json")).toContain(`"${name}"`);
      expect(committed("profiles/nginx.json")).toContain(`"${name}"`);
    }
    expect(tool("generate", "--all", "--check")).toMatchObject({ status: 0 });
    expect(
      git("status", "--porcelain")
        .stdout.split("\n")
        .filter((line) => !/gitattributes/.test(line) && line !== ""),
    ).toEqual([]);
  });

  test("so they do in a rebase, and in a second worktree", () => {
    git("commit", "-q", "-a", "-m", "attributes"); // branches without them would merge as text
    branch("one", "flock");
    branch("two", "getpriority");
    git("checkout", "-q", "one");
    git("stash", "-q");
    expect(git("worktree", "add", "-q", "../second tree", "two").status).toBe(0);
    git("stash", "pop", "-q");
    cpSync(join(folder, ".gitattributes"), join(folder, "../second tree/.gitattributes"));
    run("git", ["stash", "-q"], join(folder, "../second tree"));
    writeFileSync(join(folder, ".git/info/attributes"), readFileSync(join(folder, ".gitattributes"), "utf8"));
    const rebased = run("git", ["rebase", "-q", "one"], join(folder, "../second tree"));
    expect([rebased.status, rebased.stderr]).toEqual([0, expect.not.stringContaining("onflict")]);
    expect(
      run(process.execPath, [program, "generate", "--all", "--check"], join(folder, "../second tree")),
    ).toMatchObject({ status: 0 });
    expect(readFileSync(join(folder, "../second tree/profiles/nginx.json"), "utf8")).toMatch(
      /"flock"[^]*"getpriority"/,
    );
  });

  test("git diff and git log -p show meanings: reordering is no change, a widened argument is one line", () => {
    const path = join(folder, "profiles/nginx.json");
    const profile = JSON.parse(readFileSync(path, "utf8")) as { syscalls: { names: string[]; args?: object[] }[] };
    profile.syscalls.reverse();
    writeFileSync(path, JSON.stringify(profile));
    expect(git("diff", "profiles").stdout).not.toMatch(/^[-+](?![-+])/m);
    profile.syscalls = profile.syscalls.map((group) =>
      group.names.includes("personality") || !group.names.includes("socketpair") ? group : { ...group, args: [] },
    );
    writeFileSync(path, JSON.stringify(profile));
    const lines = git("diff", "-U0", "profiles")
      .stdout.split("\n")
      .filter((line) => /^[-+](?![-+])/.test(line));
    expect(lines).toEqual([
      expect.stringMatching(/^-amd64: socketpair: allow arg0 = 1 \(AF_UNIX\)/),
      expect.stringMatching(/^\+amd64: socketpair: allow always/),
    ]);
    git("commit", "-q", "-a", "-m", "wider");
    expect(git("log", "-p", "-1", "profiles").stdout).toContain("+amd64: socketpair: allow always");
    writeFileSync(path, "{ this is no profile");
    expect(git("diff", "profiles").stdout).toContain("+{ this is no profile");
  });

  test("where the program is gone, git treats the files as text", () => {
    branch("one", "flock");
    git("checkout", "-q", "main");
    writeFileSync(
      join(folder, "traces/nginx/recording.json"),
      committed("traces/nginx/recording.json").replace('"ended":"stopped"', '"ended":"exited"'),
    );
    git("commit", "-q", "-a", "-m", "other end");
    rmSync(program);
    writeFileSync(join(folder, "profiles/nginx.json"), committed("profiles/nginx.json").replace("observed", "seen"));
    expect(git("diff", "profiles")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('+      "comment": "seen') as string,
    });
    git("checkout", "-q", "profiles");
    expect(git("merge", "-q", "-m", "merge", "one").status).toBe(0);
    expect(committed("traces/nginx/recording.json")).toMatch(/"ended":"exited"[^]*"flock"/);
  });

  test("can be repeated and undone; what was there stays", () => {
    expect(tool("git-setup", "--hook").status).toBe(0);
    expect(committed(".gitattributes").match(/diff=seccomp-gen/g)).toHaveLength(1);
    writeFileSync(join(folder, "profiles/nginx.json"), committed("profiles/nginx.json").replace("observed", "seen"));
    git("add", "-A");
    const refused = git("commit", "-q", "-m", "edited");
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain("profiles/nginx.json does not match traces/nginx/recording.json");
    expect(tool("generate", "--all").status).toBe(0);
    git("add", "-A");
    expect(git("commit", "-q", "-m", "made again").status).toBe(0);
    expect(tool("git-setup", "--undo").status).toBe(0);
    expect(committed(".gitattributes")).toBe("*.png binary\n");
    expect(git("config", "--local", "--list").stdout).not.toContain("seccomp-gen");
    expect(existsSync(join(folder, ".git/hooks/pre-commit"))).toBe(false);
    writeFileSync(join(folder, ".git/hooks/pre-commit"), "#!/bin/sh\n# somebody's own\n");
    expect(tool("git-setup", "--hook")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("is there already") as string,
    });
    tool("git-setup", "--undo");
    expect(readFileSync(join(folder, ".git/hooks/pre-commit"), "utf8")).toContain("somebody's own");
  });
});

describe("git-setup, where git keeps things elsewhere", { timeout: 60_000 }, () => {
  const here = process.cwd();
  let notes: string[] = [];
  const setup = async (
    options: { readonly undo?: boolean; readonly hook?: boolean },
    place = folder,
  ): Promise<string> => {
    notes = [];
    process.chdir(place);
    try {
      await gitSetup(
        { undo: false, hook: false, program: ["seccomp-gen"], ...options },
        {
          out: () => undefined,
          note: (line) => notes.push(line),
          status: undefined,
          color: false,
          width: 80,
          interrupted: new AbortController().signal,
        },
      );
    } finally {
      process.chdir(here);
    }
    return notes.join("\n");
  };
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "seccomp-gen-git-")), "main");
    mkdirSync(folder);
    git("init", "-q", "-b", "main");
    git("commit", "-q", "--allow-empty", "-m", "first");
  });

  test("in a linked worktree the hook goes to the repository's hooks", async () => {
    const linked = join(folder, "../linked");
    expect(git("worktree", "add", "-q", linked, "-b", "linked").status).toBe(0);
    await setup({ hook: true }, linked);
    expect(existsSync(join(folder, ".git/hooks/pre-commit"))).toBe(true);
    expect(run("git", ["status", "--porcelain", "--untracked-files=all"], linked).stdout).toBe("?? .gitattributes\n");
    await setup({ undo: true }, linked);
    expect(existsSync(join(folder, ".git/hooks/pre-commit"))).toBe(false);
  });

  test.each([
    ["absolute", true],
    ["relative", false],
  ])("core.hooksPath, %s", async (_, absolute) => {
    const hooks = join(folder, "our hooks");
    git("config", "core.hooksPath", absolute ? hooks : "our hooks");
    await setup({ hook: true });
    expect(existsSync(join(hooks, "pre-commit"))).toBe(true);
  });

  test("lines that end as on Windows are known again, and stay so", async () => {
    writeFileSync(join(folder, ".gitattributes"), "*.png binary\r\n");
    await setup({});
    const once = committed(".gitattributes");
    expect(once.split("\r\n")).toHaveLength(once.split("\n").length);
    await setup({});
    expect(committed(".gitattributes")).toBe(once);
    expect(await setup({ undo: true })).toContain("removed the lines of seccomp-gen");
    expect(committed(".gitattributes")).toBe("*.png binary\r\n");
  });

  test("--undo says what it found: nothing, what was set up twice, what stands outside of the marks", async () => {
    writeFileSync(join(folder, ".gitattributes"), "*.png binary\n");
    expect(await setup({ undo: true })).toContain("has no lines of seccomp-gen");
    await setup({});
    writeFileSync(join(folder, ".gitattributes"), committed(".gitattributes").repeat(2));
    expect(await setup({ undo: true })).toContain("removed the lines of seccomp-gen");
    expect(committed(".gitattributes")).toBe("*.png binary\n*.png binary\n");
    writeFileSync(join(folder, ".gitattributes"), "*.png binary\nx.json diff=seccomp-gen\n");
    expect(await setup({ undo: true })).toMatch(/\.gitattributes:2: names seccomp-gen/);
    expect(committed(".gitattributes")).toContain("x.json");
  });
});
