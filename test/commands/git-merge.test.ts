import { existsSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { call, ordinary, Repository, type State } from "../support/repository.ts";
import { cli } from "../support/product.ts";

const recording = "traces/web/recording.json";
const profile = "profiles/web.json";
let repository: Repository;

const base: State = { calls: ordinary };
const withCalls = (more: State["calls"], run?: string): State => ({
  calls: { ...ordinary, ...more },
  ...(run === undefined ? {} : { runs: ["first", run] }),
});
const flock = { flock: call("locker") };
const getpriority = { getpriority: call("nicer") };
const ptrace = { ptrace: call("gdb", [[16n]]) };

/** A branch from main with one commit. */
async function branch(name: string, state: State, from = "main"): Promise<string> {
  repository.must("checkout", "-q", "-b", name, from);
  return repository.commitState(name, "web", state);
}

/** Expects all profiles to match, in the working tree and in the last commit. */
async function expectWhole(): Promise<void> {
  expect(repository.git("status", "--porcelain").stdout).toBe("");
  expect(await repository.isWhole()).toBe(true);
}

describe.skipIf(!existsSync(cli))("merging three ways", { timeout: 120_000 }, () => {
  let first: Repository;

  beforeAll(async () => {
    repository = first = new Repository();
    await repository.put("web", base);
    expect(repository.tool("git-setup").status).toBe(0);
    repository.commit("first");
  });
  beforeEach(() => {
    repository = new Repository(first);
  });

  test("what two branches recorded comes together, and the profile is that of both", async () => {
    await branch("one", withCalls(flock, "one"));
    await branch("two", withCalls(getpriority, "two"));
    expect(repository.git("merge", "-q", "-m", "m", "one")).toMatchObject({ status: 0 });
    expect(repository.read(recording)).toMatch(/"flock"[^]*"getpriority"/);
    expect(repository.read(profile)).toMatch(/"flock"[^]*"getpriority"/);
    await expectWhole();
  });

  test("a revert gives back the bytes, also when something else was appended meanwhile", async () => {
    const before = [repository.read(recording), repository.read(profile)];
    const appended = await repository.commitState("ptrace", "web", withCalls(ptrace, "gdb"));
    repository.must("revert", "--no-edit", appended);
    expect([repository.read(recording), repository.read(profile)]).toEqual(before);
    const again = await repository.commitState("ptrace", "web", withCalls(ptrace, "gdb"));
    await repository.commitState("flock", "web", {
      calls: { ...ordinary, ...ptrace, ...flock },
      runs: ["first", "gdb", "lock"],
    });
    expect(repository.git("revert", "--no-edit", again)).toMatchObject({ status: 0 });
    expect(repository.read(recording)).not.toContain("ptrace");
    expect(repository.read(profile)).not.toMatch(/"observed[^"]*gdb|PTRACE/);
    expect(repository.read(recording)).toContain("flock");
    await expectWhole();
    repository.must("revert", "--no-edit", "HEAD"); // the revert of a revert
    expect(repository.read(recording)).toMatch(/"flock"[^]*"ptrace"/);
    await expectWhole();
  });

  test("a revert takes code and profile back together", async () => {
    repository.write("code.txt", "one\n");
    repository.commit("code");
    repository.write("code.txt", "two\n");
    const both = await repository.commitState("code and ptrace", "web", withCalls(ptrace, "gdb"));
    await repository.commitState("flock", "web", withCalls({ ...ptrace, ...flock }, "gdb"));
    repository.must("revert", "--no-edit", both);
    expect(repository.read("code.txt")).toBe("one\n");
    expect(repository.read(profile)).not.toContain("gdb");
    expect(repository.read(recording)).not.toContain("ptrace");
    await expectWhole();
  });

  test("rebase -i drops an append; a smaller recording stays smaller", async () => {
    await branch("work", withCalls(ptrace, "gdb"));
    await repository.commitState("flock", "web", withCalls({ ...ptrace, ...flock }, "gdb"));
    const dropped = repository.run("git", ["rebase", "-i", "main"], { GIT_SEQUENCE_EDITOR: "sed -i 1d" });
    expect([dropped.status, dropped.stderr]).toEqual([0, expect.any(String)]);
    expect(repository.read(recording)).not.toContain("ptrace");
    expect(repository.read(recording)).toContain("flock");
    await expectWhole();
    repository.must("checkout", "-q", "main");
    const { write: _, ...fewer } = ordinary;
    await repository.commitState("smaller", "web", { calls: fewer });
    repository.must("merge", "-q", "-m", "m", "work");
    expect(repository.read(recording)).not.toContain('"write"');
    await expectWhole();
  });

  test("one branch denies a call, the other records it: the profile is what the two give together", async () => {
    await branch("deny", { ...base, options: { deny: ["symlink"] } });
    await branch("record", withCalls({ symlink: call("ln") }, "ln"));
    repository.must("merge", "-q", "-m", "m", "deny");
    expect(repository.read("traces/web/policy.json")).toContain("symlink");
    const { syscalls } = JSON.parse(repository.read(profile)) as { syscalls: { names: string[]; action: string }[] };
    expect(syscalls.filter(({ names }) => names.includes("symlink")).map(({ action }) => action)).toEqual([
      "SCMP_ACT_ERRNO",
    ]);
    await expectWhole();
  });

  test("options of two branches come together; one that allows what the other denies is a conflict", async () => {
    await repository.commitState("options", "web", { ...base, options: { allow: ["poll"] } });
    await branch("one", { ...base, options: { allow: ["poll", "flock"] } });
    await branch("two", { ...base, options: { args: "strict", allow: ["poll"] } });
    repository.must("merge", "-q", "-m", "m", "one");
    expect(JSON.parse(repository.read("traces/web/policy.json"))).toEqual({ args: "strict", allow: ["poll", "flock"] });
    await expectWhole();
    await branch("three", { ...base, options: { allow: ["poll"], deny: ["flock"] } });
    const { status, stderr, stdout } = repository.git("merge", "-q", "-m", "m", "one");
    expect([status, stdout + stderr]).toEqual([
      1,
      expect.stringContaining("policy.json: conflict: flock: one side allows it, the other denies it"),
    ]);
  });

  test("a call that one side removed and the other saw again is a conflict, by name and line", async () => {
    await repository.commitState("ptrace", "web", withCalls(ptrace, "gdb"));
    await branch("drop", base);
    await branch("again", withCalls({ ptrace: call("strace", [[16n], [24n]]), ...flock }, "gdb"));
    const { status, stdout, stderr } = repository.git("merge", "-q", "-m", "m", "drop");
    expect([status, stdout + stderr]).toEqual([
      1,
      expect.stringContaining(`${recording}: conflict: ptrace: their side removed it, our side saw it again (strace)`),
    ]);
    const text = repository.read(recording);
    expect(text.match(/^<<<<<<< /gm)).toHaveLength(1);
    expect(text).toMatch(/<<<<<<< ours\n.*"ptrace".*\n(?:.*\n)?=======\n/);
    expect(text).toMatch(/^ {6}"flock"/m);
    for (const side of ["ours", "theirs"]) {
      const settled = text.replace(/<<<<<<< .*\n([^]*?)=======\n([^]*?)>>>>>>> .*\n/g, side === "ours" ? "$1" : "$2");
      expect(() => JSON.parse(settled) as unknown, side).not.toThrow();
      repository.write(recording, settled);
      expect(repository.tool("generate", "--all").status).toBe(0);
      expect(repository.read(recording).includes("ptrace")).toBe(side === "ours");
    }
  });

  test("whoever settles a conflict by taking one side's file is told of the calls that are lost", async () => {
    expect(repository.tool("git-setup", "--hook").status).toBe(0);
    await repository.commitState("ptrace", "web", withCalls(ptrace, "gdb"));
    await branch("drop", withCalls(flock, "lock"));
    await branch("again", withCalls({ ptrace: call("strace", [[16n], [24n]]) }, "gdb"));
    expect(repository.git("merge", "-q", "-m", "m", "drop").status).toBe(1);
    repository.must("checkout", "--ours", "--", recording);
    expect(repository.tool("generate", "--all").status).toBe(0);
    repository.must("add", "-A");
    const refused = repository.git("commit", "-q", "-m", "ours");
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining(`${recording} lost calls in this merge that neither side removed: flock`),
    ]);
  });

  test("a cherry-pick takes the change and not what its branch had before", async () => {
    await branch("topic", withCalls(ptrace, "gdb"));
    const picked = await repository.commitState("flock", "web", withCalls({ ...ptrace, ...flock }, "gdb"));
    repository.must("checkout", "-q", "main");
    await repository.commitState("getpriority", "web", withCalls(getpriority, "nice"));
    repository.must("cherry-pick", picked);
    expect(repository.read(recording)).toMatch(/"flock"[^]*"getpriority"/);
    expect(repository.read(recording)).not.toContain("ptrace");
    await expectWhole();
  });

  test("a criss-cross merge has several ancestors, which are merged first", async () => {
    await branch("one", withCalls(flock, "one"));
    await branch("two", withCalls(getpriority, "two"));
    repository.must("checkout", "-q", "-b", "left", "one");
    repository.must("merge", "-q", "--no-ff", "-m", "left", "two");
    repository.must("checkout", "-q", "-b", "right", "two");
    repository.must("merge", "-q", "--no-ff", "-m", "right", "one");
    await repository.commitState("right drops flock", "web", withCalls({ ...getpriority, ...ptrace }, "two"));
    repository.must("checkout", "-q", "left");
    await repository.commitState(
      "left adds",
      "web",
      withCalls({ ...flock, ...getpriority, sync: call("sync") }, "one"),
    );
    repository.must("merge", "-q", "-m", "m", "right");
    expect(repository.read(recording)).toMatch(/"getpriority"[^]*"ptrace"[^]*"sync"/);
    expect(repository.read(recording)).not.toContain("flock");
    await expectWhole();
  });

  test("an append meets a renaming", async () => {
    repository.must("checkout", "-q", "-b", "rename");
    repository.must("mv", "traces/web", "traces/site");
    repository.must("mv", profile, "profiles/site.json");
    await repository.put("site", withCalls(flock));
    repository.commit("renamed, and more of it");
    await branch("append", withCalls(getpriority, "more"));
    repository.must("checkout", "-q", "rename");
    const merged = repository.git("merge", "-q", "-m", "m", "append");
    expect([merged.status, merged.stdout + merged.stderr]).toEqual([0, expect.any(String)]);
    expect(repository.read("traces/site/recording.json")).toMatch(/"flock"[^]*"getpriority"/);
    await expectWhole();
  });

  test("the same profile from different recordings is told apart by the commits that are merged", async () => {
    const seen = { ...ordinary, read: { ...call("app"), results: ["EAGAIN", "ok"] } };
    await repository.commitState("more results, same profile", "web", { calls: seen });
    await branch("one", { calls: { ...seen, ...flock } });
    await branch("two", { calls: { ...seen, ...getpriority } });
    repository.must("merge", "-q", "-m", "m", "one");
    expect(repository.read(recording)).toContain("EAGAIN");
    await expectWhole();
  });

  test("a profile that was edited by hand is no merged profile: a conflict", async () => {
    await branch("one", withCalls(flock, "one"));
    await branch("two", withCalls(getpriority, "two"));
    repository.write(profile, repository.read(profile).replace('"write"', '"write",\n        "ptrace"'));
    repository.commit("edited");
    const { status, stdout, stderr } = repository.git("merge", "-q", "-m", "m", "one");
    expect([status, stdout + stderr]).toEqual([1, expect.stringContaining("does not match its recording")]);
  });

  test("profiles without recordings merge as text, as git does it", () => {
    const text = (one: string, two: string): string =>
      `{\n  "defaultAction": "SCMP_ACT_ERRNO",\n  "syscalls": [\n${one}\n\n\n\n\n\n${two}\n  ]\n}\n`;
    const group = (name: string): string => `    { "names": ["${name}"], "action": "SCMP_ACT_ALLOW" }`;
    repository.write("profiles/own.json", text(`${group("read")},`, group("write")));
    repository.commit("own");
    repository.must("checkout", "-q", "-b", "one");
    repository.write("profiles/own.json", text(`${group("open")},`, group("write")));
    repository.commit("one");
    repository.must("checkout", "-q", "-b", "two", "main");
    repository.write("profiles/own.json", text(`${group("read")},`, group("close")));
    repository.commit("two");
    expect(repository.git("merge", "-q", "-m", "m", "one").status).toBe(0);
    expect(repository.read("profiles/own.json")).toMatch(/open[^]*close/);
  });
});
