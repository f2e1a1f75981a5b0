import { chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hashOf, Summaries } from "../../../src/logs/code/summaries.ts";
import { summaryVersion } from "../../../src/reach/index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "summaries-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** These bytes are no ELF file, so their summary is short and says so. */
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const honest = { kind: "unsupported", reason: "not an ELF file" };

async function onlyFile(): Promise<string> {
  const [name = "", ...more] = await readdir(folder);
  expect(more).toEqual([]);
  return join(folder, name);
}

describe("the cache of summaries", () => {
  test("gives what it was given", async () => {
    await new Summaries(folder).of(bytes("a"));
    const path = await onlyFile();
    const stored = JSON.parse(gunzipSync(await readFile(path)).toString()) as object;
    await writeFile(path, gzipSync(JSON.stringify({ ...stored, reason: "from the cache" })));
    expect(await new Summaries(folder).of(bytes("a"))).toMatchObject({ reason: "from the cache" });
  });

  test.each<[string, (whole: Buffer) => Buffer]>([
    ["empty", () => Buffer.alloc(0)],
    ["torn", (whole) => whole.subarray(0, whole.length - 9)],
    ["no archive", () => Buffer.from("{}")],
    ["no JSON", () => gzipSync("{")],
    ["no summary", () => gzipSync("null")],
    ["of another version", () => gzipSync(JSON.stringify({ kind: "unsupported", version: 1, reason: "old" }))],
    ["of another shape", (whole) => gzipSync(gunzipSync(whole).toString().replace("unsupported", "code"))],
    ["an archive of 70 MB", () => gzipSync(Buffer.alloc(70_000_000), { level: 1 })],
  ])("makes a summary anew whose file is %s", async (_, write) => {
    await new Summaries(folder).of(bytes("a"));
    const path = await onlyFile();
    const whole = await readFile(path);
    await writeFile(path, write(whole));
    expect(await new Summaries(folder).of(bytes("a"))).toMatchObject(honest);
    expect(await readFile(path)).toEqual(whole);
  });

  test("gives what it was given of an image's files, and a summary by its hash alone", async () => {
    const summary = await new Summaries(folder).of(bytes("a"));
    expect(await new Summaries(folder).known(hashOf(bytes("a")))).toEqual(summary);
    expect(await new Summaries(folder).known(hashOf(bytes("b")))).toBeUndefined();
    const files = new Map([
      ["/bin/a", hashOf(bytes("a"))],
      ["/bin/none", null],
    ]);
    await new Summaries(folder).keepImageFiles("sha256:1", files);
    expect(await new Summaries(folder).imageFiles("sha256:1")).toEqual(files);
    expect(await new Summaries(folder).imageFiles("sha256:2")).toEqual(new Map());
  });

  test.each([
    ["a list", ["x"]],
    ["another digest", { "/bin/a": "../../etc/passwd" }],
    ["a number", { "/bin/a": 7 }],
  ])("asks anew for an image's files if the file is %s", async (_, value) => {
    await new Summaries(folder).keepImageFiles("sha256:1", new Map([["/bin/a", null]]));
    await writeFile(await onlyFile(), gzipSync(JSON.stringify(value)));
    expect(await new Summaries(folder).imageFiles("sha256:1")).toEqual(new Map());
  });

  test("is neither read nor written where others can write", async () => {
    await new Summaries(folder).of(bytes("a"));
    const path = await onlyFile();
    await writeFile(
      path,
      gzipSync(
        gunzipSync(await readFile(path))
          .toString()
          .replace("not an ELF file", "planted"),
      ),
    );
    await chmod(folder, 0o777);
    const summaries = new Summaries(folder);
    expect(await summaries.of(bytes("a"))).toMatchObject(honest);
    await summaries.of(bytes("b"));
    await onlyFile();
  });

  test("stays below its bound: what was used longest ago goes first", async () => {
    for (const text of ["a", "b", "c", "d"]) await new Summaries(folder).of(bytes(text));
    const names = await readdir(folder);
    const { size } = await stat(join(folder, names[0] ?? ""));
    const used = new Date(Date.now() - 86_400_000);
    for (const name of names) await utimes(join(folder, name), used, used);
    await new Summaries(folder).of(bytes("c")); // used now
    await new Summaries(folder, size * 3).of(bytes("e"));
    const kept = await readdir(folder);
    expect(kept).toHaveLength(2);
    const summaries = new Summaries(folder);
    await summaries.of(bytes("c"));
    await summaries.of(bytes("e"));
    expect((await readdir(folder)).sort()).toEqual(kept.sort());
  });

  test("drops what another version wrote, and what an interrupted run left an hour ago", async () => {
    const old = new Date(Date.now() - 7_200_000);
    for (const name of ["0-1.json.gz", `1-${summaryVersion}.json.gz.77`]) {
      await writeFile(join(folder, name), "x");
      await utimes(join(folder, name), old, old);
    }
    await writeFile(join(folder, `2-${summaryVersion}.json.gz.78`), "x"); // still being written
    await new Summaries(folder).of(bytes("a"));
    const kept = await readdir(folder);
    expect(kept).toContain(`2-${summaryVersion}.json.gz.78`);
    expect(kept).toHaveLength(2);
  });
});
