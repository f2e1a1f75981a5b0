import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { call, ordinary, Repository, type State } from "../support/repository.ts";
import { cli } from "../support/product.ts";

let repository: Repository;

/** Everything fits, in the working tree and in the last commit. */
async function expectWhole(): Promise<void> {
  expect(repository.git("status", "--porcelain").stdout).toBe("");
  expect(await repository.isWhole()).toBe(true);
}

/** A small generator of numbers, so that a history can be told by its seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const pool = ["flock", "getpriority", "symlink", "sync", "umask", "truncate"] as const;

/** A change that a day's work makes: calls are recorded, are recorded no more, options change. */
function changed(state: State, roll: (sides: number) => number, by: string): State {
  const name = pool[roll(pool.length)] ?? "flock";
  const { [name]: there, ...others } = state.calls;
  const denied = (state.options as { deny?: string[] } | undefined)?.deny ?? [];
  switch (roll(4)) {
    case 0:
      return {
        ...state,
        options: { deny: denied.includes(name) ? denied.filter((each) => each !== name) : [...denied, name].sort() },
      };
    case 1:
      return { ...state, calls: others };
    default:
      return {
        ...state,
        calls: {
          ...others,
          [name]: there === undefined ? call(by) : { ...there, processes: [...there.processes, by].sort() },
        },
        runs: [...(state.runs ?? ["first"]), `${by} ${name}`],
      };
  }
}

/** What was put last, so that a change is made to what is there. */
async function work(state: State, roll: (sides: number) => number, by: string): Promise<State> {
  const next = changed(state, roll, by);
  const denied = (next.options as { deny?: string[] } | undefined)?.deny ?? [];
  const { options: _, ...bare } = next;
  const kept: State = denied.length === 0 ? bare : next;
  await repository.put("web", kept);
  repository.commit(by);
  return kept;
}

/** Does git do it without a conflict? What it could not do is taken back. */
function clean(...args: readonly string[]): boolean {
  const { status, stdout } = repository.git(...args);
  if (status === 0) return true;
  if (!/nothing to commit|nothing added/.test(stdout)) repository.must(args[0] ?? "", "--abort");
  else repository.git(args[0] ?? "", "--abort");
  return false;
}

const tree = (of = "HEAD"): string => repository.must("rev-parse", `${of}^{tree}`);

describe.skipIf(!existsSync(cli))("histories that dice tell", { timeout: 300_000 }, () => {
  const seeds = Number(process.env["SECCOMP_GEN_HISTORIES"] ?? 3);
  test.each(Array.from({ length: seeds }, (_, seed) => seed + 1))(
    "history %i: branches merge to the same files in any order, and a revert gives back the bytes",
    async (seed) => {
      const roll = dice(seed * 7919);
      repository = new Repository();
      let start: State = { calls: ordinary };
      for (const by of ["x", "y"]) start = changed(start, roll, by);
      await repository.put("web", start);
      repository.tool("git-setup");
      repository.commit("first");
      const names = ["one", "two", "three"];
      for (const name of names) {
        repository.must("checkout", "-q", "-b", name, "main");
        let state = start;
        for (let at = 0; at <= roll(2); at += 1) {
          state = changed(state, roll, name);
          await repository.put(
            "web",
            Object.keys((state.options as { deny?: string[] } | undefined)?.deny ?? {}).length === 0
              ? { calls: state.calls, ...(state.runs === undefined ? {} : { runs: state.runs }) }
              : state,
          );
          repository.commit(`${name} ${at}`);
        }
      }
      const trees: string[] = [];
      for (const [at, order] of [names, ["three", "one", "two"]].entries()) {
        repository.must("checkout", "-q", "-b", `merged-${at}`, "main");
        const clean = order.every((name) => {
          const { status } = repository.git("merge", "-q", "--no-ff", "-m", name, name);
          if (status !== 0) repository.must("merge", "--abort");
          return status === 0;
        });
        if (!clean) continue;
        await expectWhole();
        trees.push(repository.must("rev-parse", "HEAD^{tree}"));
        const before = repository.must("rev-parse", "HEAD^^{tree}");
        if (before === trees.at(-1)) continue; // git has nothing to revert
        repository.must("revert", "-m", "1", "--no-edit", "HEAD");
        expect(repository.must("rev-parse", "HEAD^{tree}")).toBe(before);
      }
      expect(new Set(trees).size).toBeLessThanOrEqual(1);
    },
  );

  test.each(Array.from({ length: seeds }, (_, seed) => seed + 1))(
    "a day of work, %i: what is merged or picked fits, and what is reverted is gone to the byte",
    async (seed) => {
      const roll = dice(seed * 104_729);
      repository = new Repository();
      let state: State = { calls: ordinary };
      await repository.put("web", state);
      repository.tool("git-setup");
      repository.commit("first");
      for (let at = 0; at < 3; at += 1) state = await work(state, roll, `main${at}`);
      repository.must("checkout", "-q", "-b", "topic", "HEAD~2");
      await work(state, roll, "topic1");
      await work(state, roll, "topic2");
      const topic = repository.must("rev-parse", "HEAD");
      repository.must("checkout", "-q", "main");
      // A cherry-pick, and its revert.
      const before = tree();
      if (clean("cherry-pick", topic)) {
        await expectWhole();
        repository.must("revert", "--no-edit", "HEAD");
        expect(tree()).toBe(before);
      }
      // A revert of something older, the revert of that, and again.
      const picked = tree();
      if (clean("revert", "--no-edit", `HEAD~${roll(2)}`) && tree() !== picked) {
        await expectWhole();
        const reverted = tree();
        repository.must("revert", "--no-edit", "HEAD");
        expect(tree()).toBe(picked);
        repository.must("revert", "--no-edit", "HEAD");
        expect(tree()).toBe(reverted);
        repository.must("revert", "--no-edit", "HEAD");
      }
      // Merges in both directions, then one of the two: a criss-cross.
      repository.must("branch", "other", "main");
      const isMerged = clean("merge", "-q", "--no-ff", "-m", "m", topic);
      if (isMerged) {
        await expectWhole();
        const merged = tree();
        repository.must("checkout", "-q", "-b", "side", topic);
        // The same two commits, from the other side, are the same files.
        expect(clean("merge", "-q", "--no-ff", "-m", "m", "other")).toBe(true);
        expect(tree()).toBe(merged);
        await work(state, roll, "side");
        repository.must("checkout", "-q", "main");
        await work(state, roll, "main9");
        if (clean("merge", "-q", "--no-ff", "-m", "criss-cross", "side")) await expectWhole();
      }
      // merge(base, a, base) = a: a branch without commits brings nothing.
      const last = tree();
      repository.must("checkout", "-q", "-b", "idle", "main~1");
      repository.write("code.txt", "x\n");
      repository.commit("code alone");
      expect(clean("merge", "-q", "-m", "m", "main")).toBe(true);
      repository.must("rm", "-q", "code.txt");
      repository.commit("without the code");
      expect(tree()).toBe(last);
    },
  );
});

describe.skipIf(!existsSync(cli))("repositories of other kinds", { timeout: 300_000 }, () => {
  const start = async (): Promise<void> => {
    repository = new Repository();
    await repository.put("web", { calls: ordinary });
    repository.tool("git-setup");
    repository.commit("first");
  };

  test("an octopus merge asks no merge driver: git gives it up, and one after the other they merge", async () => {
    await start();
    for (const [name, seen] of [
      ["one", "flock"],
      ["two", "sync"],
    ] as const) {
      repository.must("checkout", "-q", "-b", name, "main");
      await repository.put("web", { calls: { ...ordinary, [seen]: call(name) }, runs: ["first", name] });
      repository.commit(name);
    }
    repository.must("checkout", "-q", "-b", "three", "main");
    await repository.put("api", { calls: ordinary });
    repository.commit("three");
    repository.must("checkout", "-q", "main");
    const before = tree();
    expect(repository.git("merge", "-q", "-m", "octopus", "one", "two", "three").status).not.toBe(0);
    expect(tree()).toBe(before);
    await expectWhole();
    for (const name of ["one", "two"]) repository.must("merge", "-q", "-m", name, name);
    for (const name of ["flock", "sync"]) expect(repository.read("traces/web/recording.json")).toContain(name);
    await expectWhole();
    // Branches that changed other services each are no trouble.
    repository.must("checkout", "-q", "-B", "again", "main~2");
    expect(repository.git("merge", "-q", "-m", "octopus", "one", "three").status).toBe(0);
    await expectWhole();
  });

  test("a clone with CRLF: attributes keep the files as they are, and without them the check reads them", async () => {
    await start();
    const clone = new Repository();
    const made = clone.git("clone", "-q", "-c", "core.autocrlf=true", repository.folder, "clone");
    expect(made.status).toBe(0);
    const [path, profile] = ["clone/traces/web/recording.json", "clone/profiles/web.json"];
    expect(clone.read(path) + clone.read(profile)).not.toContain("\r");
    // As an editor may write them.
    for (const file of [path, profile]) clone.write(file, clone.read(file).replaceAll("\n", "\r\n"));
    const inside = (...args: readonly string[]): ReturnType<typeof clone.tool> =>
      clone.run("sh", ["-c", `cd clone && exec "$0" "$@"`, process.execPath, cli, ...args]);
    expect(inside("generate", "--all", "--check")).toMatchObject({ status: 0 });
    const { stdout, status } = inside("review", "HEAD");
    expect([status, stdout]).toEqual([0, expect.not.stringContaining("may now")]);
  });

  test("profiles in a submodule are those of its own repository", async () => {
    await start();
    const outer = new Repository();
    outer.write("readme.txt", "x\n");
    outer.commit("outer");
    const added = outer.git(
      "-c",
      "protocol.file.allow=always",
      "submodule",
      "add",
      "-q",
      repository.folder,
      "services",
    );
    expect([added.status, added.stderr]).toEqual([0, expect.any(String)]);
    outer.commit("a submodule");
    expect(outer.tool("review", "HEAD").stdout).toContain("No profile and no recording has changed.");
    const inside = (...args: readonly string[]): ReturnType<typeof outer.tool> =>
      outer.run("sh", ["-c", `cd services && exec "$0" "$@"`, process.execPath, cli, ...args]);
    expect(inside("generate", "--all", "--check")).toMatchObject({ status: 0 });
    expect(inside("git-setup").status).toBe(0);
    // Another submodule where profiles are kept is not looked into, and that is said aloud.
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", repository.folder, "profiles");
    const { status, stdout } = outer.tool("review", "HEAD");
    expect([status, stdout]).toEqual([1, expect.stringMatching(/not looked at\*\*: `profiles`/)]);
  });
});
