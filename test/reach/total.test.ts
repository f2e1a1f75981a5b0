import fc from "fast-check";
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { analyzeObject, reachOf, summaryFrom } from "../../src/reach/index.ts";
import { createDecoded, decode } from "../../src/reach/x86-decode.ts";
import { build, hostLibraries, needs, needsX64 } from "./toolchain.ts";

const runs = Number(process.env["SECCOMP_GEN_RUNS"] ?? 300);

/** Both steps of a user with any file. Neither may throw, and the summary must survive a cache. */
function use(bytes: Uint8Array): ReturnType<typeof reachOf> {
  const summary = analyzeObject(bytes);
  expect(summaryFrom(JSON.parse(JSON.stringify(summary)))).toEqual(summary);
  return reachOf({ executable: { name: "x", summary }, objects: [{ name: "y", summary }] });
}

describe("a file that cannot be read as a program is refused with the reason", () => {
  const header = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = new Uint8Array(64);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    bytes[16] = 3;
    bytes[18] = 62;
    change(bytes);
    return bytes;
  };
  test.each([
    ["an empty file", "not an ELF file", new Uint8Array(0)],
    ["a script", "not an ELF file", new TextEncoder().encode("#!/bin/sh\n")],
    ["a file of 32 bits", "32-bit", header((bytes) => bytes.fill(1, 4, 5))],
    ["a file of the other byte order", "big-endian", header((bytes) => bytes.fill(2, 5, 6))],
    ["a file for RISC-V", "another architecture", header((bytes) => bytes.fill(243, 18, 19))],
    ["an object file", "neither an executable nor a shared object", header((bytes) => bytes.fill(1, 16, 17))],
    ["a file without segments", "no loadable segments", header(() => {})],
  ])("%s: %s", (_, reason, bytes) => {
    expect(analyzeObject(bytes)).toMatchObject({ kind: "unsupported", reason });
    expect(use(bytes)).toMatchObject({
      unsupported: [
        { object: "x", reason },
        { object: "y", reason },
      ],
    });
  });
});

describe("no bytes make it throw", () => {
  beforeEach(needsX64);
  beforeEach(needs("gcc", "aarch64-linux-gnu-gcc"));

  const withTable = `
    #include <stdio.h>
    int main(int c, char **v) {
      switch (c) {
        case 1: puts(v[0]); break;
        case 2: puts("b"); break;
        case 3: puts("c"); break;
        case 4: puts("d"); break;
        case 5: return 7;
      }
      return 0;
    }`;
  const bare = `
    static long c(long n) { long r; __asm__ volatile("syscall" : "=a"(r) : "a"(n)); return r; }
    void _start(void) { c(39); c(60); }`;
  const plain = "#include <stdio.h>\nint main(int c, char **v) { puts(v[0]); return 0; }";
  const samples = (): readonly Uint8Array[] => [
    readFileSync(build("gcc", withTable, "-O2")),
    readFileSync(build("gcc", bare, "-O0", "-nostdlib", "-static")),
    readFileSync(build("aarch64-linux-gnu-gcc", plain, "-O2")),
  ];
  const position = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  const change = fc.record({
    where: position,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    nearHeaders: fc.boolean(),
  });

  test("those of files that were changed or cut", { timeout: 300_000 }, () => {
    const files = samples();
    fc.assert(
      fc.property(
        fc.nat(files.length - 1),
        fc.array(change, { maxLength: 12 }),
        fc.option(position),
        (which, changes, cut) => {
          const bytes = Uint8Array.from(files[which] ?? []);
          for (const { where, bytes: inserted, nearHeaders } of changes)
            bytes.set(inserted, Math.min(bytes.length - 8, Math.floor(where * (nearHeaders ? 1024 : bytes.length))));
          use(cut === null ? bytes : bytes.subarray(0, Math.floor(cut * bytes.length)));
        },
      ),
      { numRuns: runs },
    );
  });

  test("those of headers with an extreme value in any field", { timeout: 300_000 }, () => {
    for (const file of samples()) {
      for (let at = 16; at < 64 + 56 * 4; at += 1) {
        for (const value of [0x00, 0x7f, 0x80, 0xff]) {
          const bytes = Uint8Array.from(file);
          bytes[at] = value;
          use(bytes);
        }
      }
    }
  });
});

describe("the decoder of lengths", () => {
  test("moves on by 1 to 15 bytes, or says that there is no instruction", () => {
    const decoded = createDecoded();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 24 }), (bytes) => {
        const length = decode(bytes, 0, bytes.length, decoded);
        expect(length).toBeGreaterThanOrEqual(0);
        expect(length).toBeLessThanOrEqual(Math.min(15, bytes.length));
      }),
      { numRuns: runs * 10 },
    );
  });
});

describe("bounds", () => {
  test("the C library is read in bounded time", () => {
    const bytes = readFileSync(hostLibraries()[0] ?? "");
    const start = process.cpuUsage();
    analyzeObject(bytes);
    const { user } = process.cpuUsage(start);
    expect(user / 1e6).toBeLessThan(5);
  });
});
