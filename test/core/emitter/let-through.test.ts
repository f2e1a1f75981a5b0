import { expect, test } from "vitest";
import { emitBpf, encodeLetThrough } from "../../../src/core/emitter/index.ts";
import { letThrough } from "../../../src/core/policy/index.ts";

const arch = "SCMP_ARCH_X86_64";
const returns = 0x06;

/** The codes of `struct sock_filter`, and where each jumps to. */
const codes = (program: Uint8Array): readonly number[] =>
  Array.from({ length: program.length / 8 }, (_, at) => program[at * 8] ?? 0);

test("a program that lets calls through returns only for those, and runs on for all others", () => {
  const filters = letThrough(new Map([[arch, ["read", "write"]]]), new Map());
  const program = encodeLetThrough(filters);
  const whole = emitBpf(filters);
  expect(program).toHaveLength(whole.length);
  const kept = codes(program ?? new Uint8Array()).filter((code) => code === returns).length;
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(codes(whole).filter((code) => code === returns).length);
});

test("nothing to let through needs no program", () => {
  expect(encodeLetThrough([])).toBeUndefined();
  expect(encodeLetThrough(letThrough(new Map([[arch, []]]), new Map()))).toBeUndefined();
});

test("more than the kernel takes is no program, and no failure", () => {
  const values = Array.from({ length: 3000 }, (_, at) => [BigInt(2 * at)]);
  const known = new Map([["close", { indices: [0], values }]]);
  const filters = letThrough(new Map(), new Map([[arch, known]]));
  expect(encodeLetThrough(filters)).toBeUndefined();
});
