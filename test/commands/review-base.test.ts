import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

  test("the same change of many profiles is one entry, and git is asked a few times for all", async () => {
    const names = Array.from({ length: 24 }, (_, at) => `service-${at}`);
    for (const name of names) await repository.put(name, { calls: ordinary });
    repository.commit("many");
    repository.must("checkout", "-q", "-b", "topic");
    for (const name of names) await repository.put(name, withCalls({ flock: call("lock") }, "lock"));
    repository.commit("a new base image");
    const bin = mkdtempSync(join(tmpdir(), "seccomp-gen-bin-"));
    const log = join(bin, "log");
    const real = repository.run("sh", ["-c", "command -v git"]).stdout.trim();
    writeFileSync(join(bin, "git"), `#!/bin/sh\necho "$1" >> '${log}'\nexec ${real} "$@"\n`, { mode: 0o755 });
    const { stdout } = repository.run(process.execPath, [cli, "review", "main"], {
      PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    });
    expect(stdout).toContain("**24 profiles alike** (`profiles/service-0.json`, ");
    expect(stdout.match(/^- `traces/gm)).toHaveLength(1);
    expect(stdout.match(/^### /gm)).toHaveLength(1);
    expect(readFileSync(log, "utf8").trim().split("\n").length).toBeLessThan(16);
  });

  test("the first line names who may do what, a new profile what it keeps", async () => {
    repository.must("checkout", "-q", "-b", "topic");
    await repository.put("web", { calls: ordinary, options: { allow: ["bpf", "mount", "fdatasync"] } });
    await repository.put("api", { calls: { ...ordinary, ptrace: call("gdb", [[16n]]) } });
    repository.commit("opens");
    const { stdout, status } = repository.tool("review", "main", "--format", "text");
    expect(status).toBe(1);
    expect(stdout.split("\n")[2]).toMatch(/^Stop: web may now bpf and mount\./);
    expect(stdout.split("\n\n")[1]).toMatch(/ api is new and keeps\s+ptrace\s+of\s+the\s+dangerous\s+calls\.$/);
    expect(stdout).toMatch(/api \(profiles\/api\.json\): new, [^]*?keeps dangerous calls: ptrace/);
    // An unrecorded, harmless call: review names it, after the dangerous ones, and says nothing more.
    expect(stdout).toMatch(
      / dangerous: bpf: [^]* dangerous: mount: [^]* ordinary: fdatasync\n {4}backing: +not recorded/,
    );
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

describe.skipIf(!existsSync(cli))("the words of a review", { timeout: 120_000 }, () => {
  const socket = (values: (bigint | null)[][], by: string[][]): State["calls"] => ({
    socket: {
      calls: 1,
      results: ["ok"],
      processes: [...new Set(by.flat())].sort(),
      args: { indices: [0, 2], values, by },
    },
  });
  const review = async (before: State, after: State): Promise<string> => {
    repository = new Repository();
    await repository.put("web", before);
    repository.commit("first");
    await repository.put("web", after);
    return repository.tool("review", "HEAD").stdout;
  };
  const unix = { calls: { ...ordinary, ...socket([[1n, 0n]], [["app"]]) } };

  test("a family is named for what it is, in the first line too, and so is the program that asked for it", async () => {
    const values = [
      [1n, 0n],
      [17n, null],
    ];
    const out = await review(unix, withCalls(socket(values, [["app"], ["perl"]]), "two"));
    expect(out.split("\n")[2]).toMatch(/^\*\*Stop:\*\* `web` may now `socket\(AF_PACKET\)`\. /);
    expect(out).toContain(
      "| **dangerous** | `socket(AF_PACKET)` too: AF_PACKET reads and forges packets of the whole network namespace " +
        "| recorded | in the new run, by `perl` | `socket(AF_PACKET)`: ENOSYS before, now allowed |",
    );
    expect(out).toContain("with other arguments: `socket(AF_PACKET) by perl`");
    expect(out).not.toMatch(/AF_ALG|AF_VSOCK/);
  });

  test("a family that nobody could read is no other: no example is given of it", async () => {
    const out = await review({ calls: ordinary }, withCalls(socket([[null, 0n]], [["perl"]]), "two"));
    expect(out).toMatch(/\| recorded \| in the new run, by `perl`; with any arguments, because an argument could/);
    expect(out).toContain("| `socket(…, …, 0)`: ");
    // Lint reports three equal rules once.
    expect(out).toMatch(/^- lint warning: .*, in 3 rules &#91;wide-comparison&#93;$/m);
    expect(out).not.toMatch(/\| `socket\(AF|socket\(AF_UNSPEC|socket\(0/);
  });

  test("of a call whose protocol was lost, the example has the family alone", async () => {
    const out = await review(
      unix,
      withCalls(
        socket(
          [
            [1n, 0n],
            [16n, null],
          ],
          [["app"], ["ip"]],
        ),
        "two",
      ),
    );
    expect(out).toContain("| `socket(AF_NETLINK)`: ");
  });

  test("what a wider argument opens stands in the first line, whatever else it opens", async () => {
    const before = { calls: { ...ordinary, ioctl: call("app", [[0x5401n]], [1]), mprotect: call("app", [[1n]], [2]) } };
    const typing = { ...before.calls, ioctl: call("app", [[0x5401n], [0x5412n]], [1]) };
    const first = await review(before, { calls: typing, runs: ["first", "two"] });
    expect(first).toMatch(/^\*\*Stop:\*\* `web` may now `ioctl\(TIOCSTI\)`\./m);
    expect(first).toContain("| `ioctl(TIOCSTI)` and more arguments: TIOCSTI types into the terminal");
    const compiled = { ...before.calls, mprotect: call("app", [[1n], [7n]], [2]) };
    const second = await review(before, { calls: compiled, runs: ["first", "two"] });
    expect(second).toMatch(/^\*\*Look at it:\*\* `web` may now `mprotect\(PROT_READ\\\|PROT_WRITE\\\|PROT_EXEC\)`\./m);
    // Nothing is dangerous, and the check fails. What opens is still named.
    const third = await review(
      { calls: { ...ordinary, symlink: call("ln") }, options: { deny: ["symlink"] } },
      { calls: { ...ordinary, symlink: call("ln") } },
    );
    expect(third).toMatch(/^\*\*Stop:\*\* `web` may now `symlink`\. The check fails, because no recording backs/m);
  });

  test("whatever backs it, a pinned operation is as dangerous, and an open one too", async () => {
    const sets = { setns: call("ip", [[0x40000000n]], [1]) };
    const recorded = await review({ calls: ordinary }, withCalls(sets, "two"));
    expect(recorded).not.toContain("setns(CLONE_NEWNET)"); // Docker's default denies it: stays denied
    const out = await review({ calls: ordinary }, { calls: ordinary, options: { allow: ["keyctl", "poll"] } });
    expect(out.match(/^\| [*a-z]+ \| `\w+`/gm)).toEqual(["| **dangerous** | `keyctl`", "| ordinary | `poll`"]);
    expect(out.match(/\| \*\*not recorded\*\* \|/g)).toHaveLength(2);
  });
});
