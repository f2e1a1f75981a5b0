import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { runs } from "../support/machine.ts";
import { checkWritable, readText, writeAtomically, writeKept } from "../../src/project/files.ts";
import { whileLocked } from "../../src/project/lock.ts";

let folder = "";
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "seccomp-gen-files-")));
});
const at = (...parts: readonly string[]): string => join(folder, ...parts);

describe("a file that is written", () => {
  test.each([0o664, 0o600, 0o640, 0o777])("keeps its mode %o", async (mode) => {
    writeFileSync(at("file"), "old");
    chmodSync(at("file"), mode);
    await writeAtomically(at("file"), "new");
    expect([readFileSync(at("file"), "utf8"), statSync(at("file")).mode & 0o777, readdirSync(folder)]).toEqual([
      "new",
      mode,
      ["file"],
    ]);
  });

  test("behind a link is the one that is replaced, whether it is there yet or not", async () => {
    mkdirSync(at("elsewhere"));
    writeFileSync(at("elsewhere/there"), "old");
    symlinkSync("elsewhere/there", at("one"));
    symlinkSync("one", at("two"));
    symlinkSync(at("elsewhere/not yet"), at("three"));
    for (const link of ["two", "three"]) await writeAtomically(at(link), "new");
    expect([readlinkSync(at("two")), readlinkSync(at("three"))]).toEqual(["one", at("elsewhere/not yet")]);
    expect(readdirSync(at("elsewhere")).map((name) => [name, readFileSync(at("elsewhere", name), "utf8")])).toEqual([
      ["not yet", "new"],
      ["there", "new"],
    ]);
  });
});

describe("what is no file is written to, and stays what it is", () => {
  test("a fifo", async () => {
    execFileSync("mkfifo", [at("fifo")]);
    const reading = readFile(at("fifo"), "utf8");
    await writeAtomically(at("fifo"), "text");
    expect(await reading).toBe("text");
    expect(lstatSync(at("fifo")).isFIFO()).toBe(true);
  });

  // A node of our own. If this fails, the machine keeps its /dev/null.
  test("a device, behind a link too", async ({ skip }) => {
    const made = runs("mknod", at("null"), "c", "1", "3") && runs("sh", "-c", ': > "$0"', at("null"));
    skip(!made, "this user makes no devices here");
    symlinkSync("null", at("link"));
    for (const name of ["null", "link"]) await writeAtomically(at(name), "text");
    expect([
      lstatSync(at("null")).isCharacterDevice(),
      lstatSync(at("link")).isSymbolicLink(),
      readdirSync(folder),
    ]).toEqual([true, true, ["link", "null"]]);
  });

  test("a descriptor: what it holds already is kept, and others who hold it see it", async ({ skip }) => {
    skip(!existsSync("/dev/fd"), "there is no /dev/fd here");
    writeFileSync(at("log"), "first\n");
    const descriptor = openSync(at("log"), "a");
    const { ino } = statSync(at("log"));
    await writeAtomically(`/dev/fd/${descriptor}`, "second\n");
    closeSync(descriptor);
    expect([readFileSync(at("log"), "utf8"), statSync(at("log")).ino]).toEqual(["first\nsecond\n", ino]);
  });
});

describe("a place that is chosen by the program", () => {
  const refused = { problem: { code: "file-unwritable", detail: expect.stringContaining("symbolic link") as string } };
  beforeEach(() => {
    mkdirSync(at("project/.git/hooks"), { recursive: true });
    mkdirSync(at("outside"));
    writeFileSync(at("outside/file"), "theirs");
  });

  test("is a new or an old file in the project", async () => {
    for (const text of ["one", "two"]) await writeKept(at("project/traces/app/recording.json"), text);
    expect(readFileSync(at("project/traces/app/recording.json"), "utf8")).toBe("two");
  });

  test.each<[string, string, string, string]>([
    ["the file", "traces/app/recording.json", "../../../outside/file", "traces/app/recording.json"],
    ["the file, which is not there yet", "profiles/app.json", "../../outside/new.json", "profiles/app.json"],
    ["its folder", "traces/app", "../../outside", "traces/app/recording.json"],
    ["its folder, which is not there", "traces/app", "../../nowhere", "traces/app/recording.json"],
    ["the folder of all", "profiles", "../outside", "profiles/app.json"],
    ["into git's own folder", "profiles/app.json", "../.git/hooks/pre-commit", "profiles/app.json"],
    ["an absolute path", "profiles", "/tmp", "profiles/app.json"],
  ])("and never outside of it: %s", async (_, link, to, path) => {
    mkdirSync(join(at("project", link), ".."), { recursive: true });
    symlinkSync(to, at("project", link));
    const before = [readdirSync(at("outside")), readdirSync(at("project/.git/hooks"))];
    await expect(writeKept(at("project", path), "ours")).rejects.toMatchObject(refused);
    await expect(checkWritable(at("project", path))).rejects.toMatchObject(refused);
    await expect(whileLocked(at("project", path), () => Promise.resolve())).rejects.toMatchObject(refused);
    expect([readdirSync(at("outside")), readdirSync(at("project/.git/hooks"))]).toEqual(before);
    expect(readFileSync(at("outside/file"), "utf8")).toBe("theirs");
  });

  test("links within the repository are followed", async () => {
    mkdirSync(at("project/part"));
    mkdirSync(at("project/shared"));
    symlinkSync("../shared", at("project/part/profiles"));
    await writeKept(at("project/part/profiles/app.json"), "ours");
    expect(readFileSync(at("project/shared/app.json"), "utf8")).toBe("ours");
  });

  test("a file that a command names is followed anywhere", async () => {
    mkdirSync(at("project/profiles"));
    symlinkSync("../../outside/file", at("project/profiles/app.json"));
    await writeAtomically(at("project/profiles/app.json"), "ours");
    expect(readFileSync(at("outside/file"), "utf8")).toBe("ours");
  });
});

test("a file that a command names inside the current repository leads nowhere else", async () => {
  mkdirSync(at("repository/.git/hooks"), { recursive: true });
  mkdirSync(at("outside"));
  writeFileSync(at("outside/file"), "theirs");
  symlinkSync("../outside/file", at("repository/out.json"));
  symlinkSync("../outside", at("repository/out"));
  symlinkSync(".git/hooks/pre-commit", at("repository/hook.json"));
  symlinkSync("repository/out.json", at("link.json"));
  const here = process.cwd();
  process.chdir(at("repository"));
  try {
    for (const path of ["out.json", "out/file", "out/new", "hook.json", at("repository/out.json")])
      await expect(writeAtomically(path, "ours"), path).rejects.toMatchObject({
        problem: { code: "file-unwritable", detail: expect.stringContaining("leads out of") as string },
      });
    expect([readFileSync("../outside/file", "utf8"), readdirSync("../outside"), readdirSync(".git/hooks")]).toEqual([
      "theirs",
      ["file"],
      [],
    ]);
    // Places that the user names outside of it are the user's own decision.
    await writeAtomically("../link.json", "ours");
    expect(readFileSync("../outside/file", "utf8")).toBe("ours");
  } finally {
    process.chdir(here);
  }
});

test.each<[string, (path: string) => string, RegExp, RegExp]>([
  [
    "too large",
    (path) => {
      writeFileSync(path, "x".repeat(4_200_000));
      return path;
    },
    /more than 4 MB/,
    /^Name the profile/,
  ],
  [
    "a folder",
    (path) => {
      mkdirSync(path);
      return path;
    },
    /it is a folder/,
    /^Name a file\.$/,
  ],
  [
    "behind a file",
    (path) => {
      writeFileSync(path, "");
      return `${path}/b`;
    },
    /part of the path is not a folder/,
    /^Check the path\.$/,
  ],
])("a file that is %s: the advice is of that, not of permissions", async (_, make, detail, todo) => {
  await expect(readText(make(at("some file")))).rejects.toMatchObject({
    message: expect.stringMatching(detail) as string,
    todo: expect.stringMatching(todo) as string,
  });
});

test("a file that is not there: where a profile of that name is, it is told", async () => {
  const here = process.cwd();
  process.chdir(folder);
  try {
    mkdirSync(at("profiles"));
    writeFileSync(at("profiles/nginx.json"), "{}");
    const todo = (text: string): object => expect.objectContaining({ todo: text }) as object;
    await expect(readText("nginx")).rejects.toEqual(todo("Did you mean profiles/nginx.json?"));
    await expect(readText("redis")).rejects.toEqual(todo("Check the path."));
  } finally {
    process.chdir(here);
  }
});
