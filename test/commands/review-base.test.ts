import { existsSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { call, ordinary, Repository, type State } from "../support/repository.ts";
import { cli } from "../support/product.ts";

let repository: Repository;
const withCalls = (more: State["calls"], run: string): State => ({
  calls: { ...ordinary, ...more },
  runs: ["first", run],
});
const ptrace = { ptrace: call("gdb", [[16n]]) };

describe.skipIf(!existsSync(cli))("what a review compares with", { timeout: 120_000 }, () => {
  beforeEach(async () => {
    repository = new Repository();
    await repository.put("web", { calls: ordinary });
    repository.commit("first");
  });

  test("the commit where the branch left: what main took away meanwhile is not the branch's doing", async () => {
    await repository.commitState("ptrace", "web", withCalls(ptrace, "gdb"));
    repository.must("checkout", "-q", "-b", "topic");
    repository.write("code.txt", "x\n");
    repository.commit("code");
    repository.must("checkout", "-q", "main");
    await repository.commitState("no ptrace", "web", { calls: ordinary });
    repository.must("checkout", "-q", "topic");
    expect(repository.tool("review", "main")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("No profile and no recording has changed.") as string,
    });
  });

  test("a merge that takes over main's changes adds nothing to the branch's", async () => {
    repository.must("checkout", "-q", "-b", "topic");
    await repository.put("api", { calls: { ...ordinary, flock: call("lock") } });
    repository.commit("api");
    repository.must("checkout", "-q", "main");
    await repository.commitState("ptrace", "web", withCalls(ptrace, "gdb"));
    repository.must("checkout", "-q", "topic");
    repository.must("merge", "-q", "-m", "take main over", "main");
    const { stdout } = repository.tool("review", "main", "--format", "text");
    expect(stdout).toContain("profiles/api.json");
    expect(stdout).not.toContain("profiles/web.json");
  });

  test("says who changed a recording, in which commits, escaped as what it is", async () => {
    repository.must("checkout", "-q", "-b", "topic");
    repository.must("config", "user.name", "E. Vil <img src=x>");
    const id = await repository.commitState("flock", "web", withCalls({ flock: call("lock") }, "lock"));
    const { stdout } = repository.tool("review", "main");
    expect(stdout).toMatch(
      new RegExp(
        `traces/web/recording\\.json\`: changed in \`${id.slice(0, 7)}\` by \`E\\. Vil &?.*img src=x.*\`; 1 new run`,
      ),
    );
    await repository.put("web", withCalls({ flock: call("lock"), sync: call("sync") }, "sync"));
    expect(repository.tool("review", "main").stdout).toContain(", and since");
  });
});
