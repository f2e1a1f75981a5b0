import { beforeAll, describe, expect, test } from "vitest";
import type { CodeEvidence, CodeVia } from "../../src/core/recording/index.ts";
import { syscallNames, weigh } from "../../src/core/tables/index.ts";
import { call, ordinary, Repository } from "../support/repository.ts";

// What a review says about code evidence, and what evidence can open that somebody wrote by hand.

const arch = "SCMP_ARCH_X86_64";
const via = (name: string): CodeVia => ({ program: "app", rank: "few-imports", object: "libc.so.6", function: name });
const codeOf = (names: readonly string[], files: Partial<CodeEvidence["programs"][string]> = {}): CodeEvidence => ({
  programs: { app: { objects: ["app"], ...files } },
  calls: { [arch]: Object.fromEntries([...Object.keys(ordinary), ...names].map((name) => [name, via(name)])) },
});
/** These tests ignore where a line of the text ends, and how a format writes names. */
const plain = (text: string): string =>
  text
    .replaceAll(/<[^>]+>/g, "")
    .replaceAll("&#39;", "'")
    .replaceAll(/[`*\\]/g, "")
    .replaceAll(/\s+/g, " ");
const formats = ["text", "markdown", "html"] as const;

/** A repository whose branch adds this code to a recording without code. */
async function changed(calls: readonly string[], code: CodeEvidence): Promise<Repository> {
  const repository = new Repository();
  await repository.commitState("before", "app", { calls: ordinary });
  const more = Object.fromEntries(calls.map((name) => [name, call("app")]));
  await repository.commitState("after", "app", { calls: { ...ordinary, ...more }, runs: ["first", "second"], code });
  return repository;
}

const reviewed = (repository: Repository, format: string): string => {
  const { status, stdout, stderr } = repository.tool("review", "HEAD~1", "--format", format);
  expect(status, stderr).toBe(0);
  return plain(stdout);
};

describe.each(formats)("as %s, a review says of a newly allowed call", (format) => {
  test("that the code is the reason, with the way that leads to it", async () => {
    expect(reviewed(await changed([], codeOf(["fdatasync"])), format)).toContain(
      "not recorded; ordinary, and the code of app can make it: through libc.so.6",
    );
  });

  test("that it was recorded and is in the code", async () => {
    expect(reviewed(await changed(["mlock"], codeOf(["mlock"])), format)).toMatch(
      /mlock.*by app.*; in the code of app: through mlock in libc\.so\.6/,
    );
  });

  test("that it was recorded and is not in the code", async () => {
    expect(reviewed(await changed(["mlock"], codeOf([])), format)).toMatch(
      /mlock.*by app.*; not in the code of any program that ran/,
    );
  });

  test("that it is open, if a place of the code may make any call", async () => {
    const code = codeOf([], { open: ["libperl.so.5 Perl_pp_syscall"] });
    expect(reviewed(await changed(["mlock"], code), format)).toMatch(
      /mlock.*by app.*; open: no code that was read makes it, but 1 place may make any call/,
    );
  });

  test("how much of the code was recorded, and which dangerous calls never were", async () => {
    const text = reviewed(await changed([], codeOf(["fdatasync", "ptrace"])), format);
    expect(text).toContain("recorded 7 of 9 calls that the programs' code can make");
    expect(text).toMatch(/in the code, never recorded, dangerous: ptrace \(app, through ptrace in libc\.so\.6\)/);
  });
});

describe("evidence that a pull request forges", () => {
  const names = [...syscallNames(arch)];
  const forged: CodeEvidence = {
    programs: { app: { objects: ["app"] } },
    calls: { [arch]: Object.fromEntries(names.map((name) => [name, { ...via(name), rank: "own-code" }])) },
    operations: {
      [arch]: {
        ioctl: { "arg1=21522": "f in app", "arg1=21532": "f in app" },
        socket: { "arg0=16 arg1=3 arg2=12": "f in app", "arg0=17 arg1=3 arg2=0": "f in app" },
        prctl: { "arg0=22": "f in app" },
        clone: { "arg0=268435456": "f in app" },
      },
    },
  };
  let repository: Repository;
  beforeAll(async () => {
    repository = await changed([], forged);
  });

  test("opens ordinary calls, and forms of others that are ordinary", () => {
    const profile = JSON.parse(repository.read("profiles/app.json")) as {
      readonly syscalls: readonly {
        readonly names: readonly string[];
        readonly action: string;
        readonly args?: object;
      }[];
    };
    const whole = profile.syscalls
      .filter(({ action, args }) => action === "SCMP_ACT_ALLOW" && args === undefined)
      .flatMap((group) => group.names);
    const before = JSON.parse(repository.must("show", "HEAD~1:profiles/app.json")) as typeof profile;
    const known = before.syscalls.filter(({ action }) => action === "SCMP_ACT_ALLOW").flatMap((group) => group.names);
    const opened = whole.filter((name) => !known.includes(name));
    expect(opened).toContain("fdatasync");
    expect(opened.filter((name) => weigh(name).weight !== "ordinary")).toEqual([]);
  });

  test.each(formats)("is not quiet as %s: what it opens is named, with the code as its only reason", (format) => {
    const text = reviewed(repository, format);
    const named = /Also possible now, ordinary calls, in the code \((\d+)\)/.exec(text)?.[1];
    expect(Number(named)).toBeGreaterThan(100);
    for (const name of ["bind", "fdatasync", "timer_create", "unlinkat"]) expect(text).toContain(name);
    expect(text).toContain("not recorded; ordinary, and the code of app can make it: a pair of AF_UNIX");
    expect(text).toContain("in the code, never recorded, dangerous: acct (app, its own acct)");
  });

  test("fails a review that asks whether the profile became wider", () =>
    expect(repository.tool("review", "HEAD~1", "--fail-on", "widened").status).toBe(1));
});
