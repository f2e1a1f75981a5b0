import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { product, workplace } from "../support/product.ts";

const image = "seccomp-gen-base:bookworm";

test("an append says what is new, also of arguments, and adds no variable", async () => {
  const folder = await workplace();
  const record = (script: string, ...options: readonly string[]) =>
    product(folder, [
      "record",
      "--name",
      "app",
      ...options,
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      image,
      "perl",
      "-e",
      script,
    ]);
  const values = async (): Promise<unknown> => {
    const { syscalls } = JSON.parse(await readFile(join(folder, "traces/app/recording.json"), "utf8")) as {
      syscalls: { SCMP_ARCH_X86_64: Record<string, { args?: { values: unknown } }> };
    };
    return [syscalls.SCMP_ARCH_X86_64["fcntl"]?.args?.values, syscalls.SCMP_ARCH_X86_64["mmap"]?.args?.values];
  };
  const first = await record('syscall(72, 0, 1, 0); print "x"');
  expect(first.exitCode, first.stderr).toBe(0);
  const [fcntl, mmap] = (await values()) as [number[][], number[][]];
  expect((await record('syscall(72, 0, 1, 0) for 1 .. 1000; print "x"', "--append")).stderr).toContain("nothing new");
  expect(await values()).toEqual([fcntl, mmap]);
  const more = await record(
    'syscall(72, 0, 1034, 0); syscall(9, 0, 4096, 7, 34, -1, 0); print join " ", sort keys %ENV',
    "--append",
  );
  expect(more.stdout).toBe("HOME HOSTNAME PATH");
  expect(more.stderr).toMatch(/new: .*fcntl.*mmap/);
  expect(await values()).toEqual([
    [...fcntl, [1034]],
    [...mmap, [7]],
  ]);
});
