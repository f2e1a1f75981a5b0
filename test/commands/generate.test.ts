import { mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { generate, merge } from "../../src/commands/generate.ts";
import type { Terminal } from "../../src/project/terminal/terminal.ts";
import { generateOptions } from "../support/options.ts";

const options = { ...generateOptions, name: "app", arch: "amd64" };
const log = (...calls: readonly string[]): string =>
  ['7 execve("/bin/app", ["app"], 0x1) = 0', ...calls.map((call) => `7 ${call}`), ""].join("\n");

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

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "seccomp-gen-test-"));
  out = "";
  notes = [];
});

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, content);
  return path;
}

async function allowedBy(patterns: readonly string[], more: object = {}): Promise<readonly string[]> {
  out = "";
  expect(await generate(patterns, { ...options, ...more }, terminal)).toBe(0);
  const { syscalls } = JSON.parse(out) as { syscalls: { names: string[]; action: string }[] };
  return syscalls.filter(({ action }) => action === "SCMP_ACT_ALLOW").flatMap(({ names }) => names);
}

describe("generate", () => {
  test("takes raw logs, gzipped ones, recordings and patterns, and merges them", async () => {
    await file("logs/a.log", log("sethostname(0x1, 1) = 0", "setpgid(0, 0) = 0"));
    await file("logs/b.log.gz", gzipSync(log("getpriority(PRIO_PROCESS, 0) = 20")));
    const raw = await file("c", log("flock(3, LOCK_EX) = 0"));
    out = "";
    await merge([raw], { output: undefined, name: "c", arch: "amd64" }, terminal);
    const recording = await file("recording.json", out);
    const allowed = await allowedBy([join(folder, "logs/*"), recording]);
    expect(allowed).toEqual(expect.arrayContaining(["setpgid", "getpriority", "flock"]));
    expect(allowed).not.toContain("sethostname");
    expect(notes.join("\n")).toMatch(/left out: sethostname/);
  });

  test("never replaces one of its traces, by whatever name", async () => {
    const text = log("setpgid(0, 0) = 0");
    const trace = await file("logs/a.log", text);
    const link = join(folder, "link");
    await symlink(trace, link);
    for (const [pattern, output] of [
      [trace, trace],
      [trace, link],
      [link, trace],
      [join(folder, "logs/*"), trace],
      [join(folder, "logs"), trace],
    ] as const)
      await expect(generate([pattern], { ...options, output }, terminal)).rejects.toThrow(
        /is one of the traces, and the profile would replace it/,
      );
    expect(await readFile(trace, "utf8")).toBe(text);
  });

  test("says when options for raw logs were given with recordings alone", async () => {
    const raw = await file("raw.log", log("setpgid(0, 0) = 0"));
    await merge([raw], { output: join(folder, "kept.json"), name: "kept", arch: "amd64" }, terminal);
    const kept = join(folder, "kept.json");
    notes = [];
    await allowedBy([kept], { root: folder });
    expect(notes[0]).toBe("without effect: --name, --arch, --root, because no raw log was given, only recordings");
    notes = [];
    await allowedBy([kept], { name: undefined, arch: undefined });
    await allowedBy([kept, raw]);
    expect(notes.join("\n")).not.toContain("without effect");
  });

  test("gives the same bytes in whatever order the logs come", async () => {
    const [a, b] = [
      await file("a", log("setpgid(0, 0) = 0")),
      await file("b", log("flock(3, LOCK_EX) = 0", "socket(AF_INET, SOCK_STREAM, 0) = 3")),
    ];
    await allowedBy([a, b]);
    const first = out;
    await allowedBy([b, a]);
    expect(out).toBe(first);
  });

  test("writes to a file, and nothing to standard output", async () => {
    const output = join(folder, "new/folder/app.json");
    await generate([await file("a", log("setpgid(0, 0) = 0"))], { ...options, output }, terminal);
    expect(out).toBe("");
    expect(JSON.parse(await readFile(output, "utf8"))).toMatchObject({
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 38,
      architectures: ["SCMP_ARCH_X86_64"],
    });
  });

  test("reports lines that it could not read, with file and line", async () => {
    const path = await file("a", `${log("setpgid(0, 0) = 0")}what is this\n`);
    await allowedBy([path]);
    expect(notes.join("\n")).toContain(`${path}:3: not read`);
  });

  test("refuses a corrupt gzip file", async () => {
    const path = await file(
      "a.gz",
      Buffer.concat([gzipSync(log("setpgid(0, 0) = 0")).subarray(0, 40), Buffer.from("garbage")]),
    );
    await expect(generate([path], options, terminal)).rejects.toThrow(path);
  });

  test("refuses a syscall that does not exist, with what was meant", async () => {
    const path = await file("a", log("setpgid(0, 0) = 0"));
    await expect(generate([path], { ...options, allow: ["opennat"] }, terminal)).rejects.toThrow(
      /--allow: there is no syscall opennat/,
    );
  });

  test("compares with the profile that is asked for", async () => {
    const path = await file("a", log("setpgid(0, 0) = 0", "flock(3, LOCK_EX) = 0"));
    const ceiling = await file(
      "ceiling.json",
      JSON.stringify({
        defaultAction: "SCMP_ACT_ERRNO",
        architectures: ["SCMP_ARCH_X86_64"],
        syscalls: [{ names: ["execve", "flock"], action: "SCMP_ACT_ALLOW" }],
      }),
    );
    expect(await allowedBy([path], { against: ceiling })).toEqual(["execve", "flock"]);
    await allowedBy([path], { against: "19.03.5" });
    expect(notes.at(-1)).toContain("Docker 19.03.5's default");
  });

  test("keeps how a profile was made beside its recording, and makes all again or says which differ", async () => {
    const here = process.cwd();
    process.chdir(folder);
    try {
      out = "";
      await merge(
        [await file("log", log("socket(AF_INET, SOCK_STREAM, 0) = 3"))],
        { output: "traces/kept/recording.json", name: "kept", arch: "amd64" },
        terminal,
      );
      const first = ["./traces/kept/recording.json"];
      await generate(first, { ...options, deny: ["socket"], output: "profiles/kept.json" }, terminal);
      expect(JSON.parse(await readFile("traces/kept/policy.json", "utf8"))).toEqual({ deny: ["socket"] });
      expect(await generate([], { ...options, all: true, check: true }, terminal)).toBe(0);
      const made = await readFile("profiles/kept.json", "utf8");
      await writeFile("profiles/kept.json", made.replace("SCMP_ACT_ERRNO", "SCMP_ACT_LOG"));
      notes.length = 0;
      expect(await generate([], { ...options, all: true, check: true }, terminal)).toBe(1);
      expect(notes.join("\n")).toMatch(/profiles\/kept\.json does not match traces\/kept\/recording\.json/);
      expect(await generate(first, { ...options, output: "profiles/kept.json", check: true }, terminal)).toBe(1);
      expect(await generate([], { ...options, all: true }, terminal)).toBe(0);
      expect(await readFile("profiles/kept.json", "utf8")).toBe(made);
      await writeFile("traces/kept/policy.json", '{"alow": ["mount"]}');
      await expect(generate([], { ...options, all: true }, terminal)).rejects.toThrow(
        /traces\/kept\/policy\.json holds no policy options/,
      );
      await generate(first, { ...options, output: "profiles/kept.json" }, terminal);
      await expect(readFile("traces/kept/policy.json")).rejects.toThrow(/ENOENT/);
    } finally {
      process.chdir(here);
    }
  });
});
