import { describe, expect, test } from "vitest";
import {
  argumentWords,
  callArgs,
  callWords,
  conditionWords,
  fewValues,
  formatRule,
  limitWords,
  valueWords,
  type ArgCondition,
  type ArgIndex,
} from "../../../src/core/seccomp/index.ts";

const arch = "SCMP_ARCH_X86_64";
const compared = (op: Exclude<ArgCondition["op"], "SCMP_CMP_MASKED_EQ">, datum: bigint, index: ArgIndex = 0) => ({
  index,
  op,
  datum,
});
const masked = (mask: bigint, datum: bigint, index: ArgIndex = 0): ArgCondition => ({
  index,
  op: "SCMP_CMP_MASKED_EQ",
  mask,
  datum,
});
const int = 0xffff_ffffn;

describe("a call is written as in a program", () => {
  const call = { arch, name: "socket", nr: 41, args: callArgs({ 0: 16n, 1: 3n, 2: 9n }) } as const;

  test("up to its last argument that is not zero", () => {
    expect(callWords(call)).toBe(`socket(AF_NETLINK, SOCK_RAW, ${valueWords("socket", 2, 9n)})`);
    expect(callWords({ ...call, args: callArgs({ 0: 2n }) })).toBe("socket(AF_INET)");
    expect(callWords({ ...call, name: "getpid", args: callArgs() })).toBe("getpid(0)");
  });

  test("with dots for what is not known", () => {
    expect(callWords(call, [0, 2])).toBe(`socket(AF_NETLINK, …, ${valueWords("socket", 2, 9n)})`);
    expect(callWords(call, [0])).toBe("socket(AF_NETLINK)");
  });
});

test.each([
  ["socket", 0, 2n, "AF_INET", "AF_INET"],
  ["read", 0, 5n, "5", "arg0 = 5"],
  ["read", 2, 500n, "0x1f4", "arg2 = 500"],
  ["read", 2, 0x1234n, "0x1234", "arg2 = 0x1234"],
] as const)("the value of %s's arg%i, %d, reads as %s, and alone as %s", (name, index, value, words, alone) => {
  expect(valueWords(name, index, value)).toBe(words);
  expect(argumentWords(name, index, value)).toBe(alone);
});

test("without a call no value has a name", () => {
  expect(argumentWords(undefined, 0, 2n)).toBe("arg0 = 2");
  expect(formatRule({ conditions: [compared("SCMP_CMP_EQ", 2n)] })).toBe("arg0 = 2");
});

describe("a condition has three forms: an exact one, one for reading, and one after its call's name", () => {
  test.each([
    [compared("SCMP_CMP_EQ", 2n), "arg0 = 2 (AF_INET)", "arg0 = AF_INET", "AF_INET"],
    [compared("SCMP_CMP_NE", 2n), "arg0 ≠ 2 (AF_INET)", "arg0 not AF_INET", "not AF_INET"],
    [compared("SCMP_CMP_LT", 38n), "arg0 < 0x26 (AF_ALG)", "arg0 below AF_ALG", "below AF_ALG"],
    [compared("SCMP_CMP_LE", 38n), "arg0 ≤ 0x26 (AF_ALG)", "arg0 at most AF_ALG", "at most AF_ALG"],
    [compared("SCMP_CMP_GE", 38n), "arg0 ≥ 0x26 (AF_ALG)", "arg0 at least AF_ALG", "at least AF_ALG"],
    [compared("SCMP_CMP_GT", 40n), "arg0 > 0x28 (AF_VSOCK)", "arg0 above AF_VSOCK", "above AF_VSOCK"],
    [masked(int, 2n), "arg0 = 2 (AF_INET)", "arg0 = AF_INET", "AF_INET"],
    [
      masked(0xffffn, 2n),
      "arg0 & 0xffff = 2 (AF_INET)",
      "arg0 = AF_INET in its lower half",
      "AF_INET in its lower half",
    ],
    [
      masked(int & ~8n, 2n),
      "arg0 in {2 (AF_INET), 0xa (AF_INET6)}",
      "arg0 in {AF_INET, AF_INET6}",
      "in {AF_INET, AF_INET6}",
    ],
  ] as const)("of socket: %o", (condition, exact, words, limit) => {
    expect(formatRule({ conditions: [condition] }, "socket")).toBe(exact);
    expect(conditionWords("socket", condition)).toBe(words);
    expect(limitWords("socket", [condition])).toBe(limit);
  });

  test("of flags: the words say which flags are clear, which are set, and of which others", () => {
    expect(limitWords("mprotect", [masked(4n, 0n, 2)])).toBe("without PROT_EXEC");
    expect(limitWords("mprotect", [masked(4n, 4n, 2)])).toBe("with PROT_EXEC");
    expect(conditionWords("mprotect", masked(6n, 4n, 2))).toBe("arg2 with PROT_EXEC of PROT_WRITE|PROT_EXEC");
    expect(formatRule({ conditions: [masked(4n, 0n, 2)] }, "mprotect")).toBe("arg2 & 4 (PROT_EXEC) = 0");
    expect(formatRule({ conditions: [masked(6n, 4n, 2)] }, "mprotect")).toBe(
      "arg2 & 6 (PROT_WRITE|PROT_EXEC) = 4 (PROT_EXEC)",
    );
  });

  test("bits outside of the mask say nothing", () =>
    expect(conditionWords("mprotect", masked(4n, 6n, 2))).toBe("arg2 with PROT_EXEC"));
});

describe("the few values that fulfil a condition", () => {
  test.each([
    ["a comparison", compared("SCMP_CMP_EQ", 7n), [7n]],
    ["a comparison of 32 bits", masked(int, 7n), [7n]],
    ["a comparison of 64 bits under a mask", masked(0xffff_ffff_ffff_ffffn, 7n), [7n]],
    ["bits outside of the mask", masked(int & ~2n, 7n), [5n, 7n]],
    ["two free bits, in order", masked(int & ~9n, 4n), [4n, 5n, 12n, 13n]],
    ["three free bits", masked(int & ~11n, 4n), undefined],
    ["a mask that compares some upper bits", masked(0x1_ffff_ffffn, 4n), undefined],
    ["a range", compared("SCMP_CMP_LE", 1n), undefined],
  ] as const)("of %s", (_, condition, values) => expect(fewValues(condition)).toEqual(values));
});

test("a rule names all its conditions, and says if it has none", () => {
  expect(formatRule({ conditions: [] }, "socket")).toBe("always");
  expect(formatRule({ conditions: [masked(int, 2n), masked(0xfn, 1n, 1)] }, "socket")).toMatch(
    /^arg0 = 2 \(AF_INET\) and arg1 & 0xf.* = 1/,
  );
  expect(limitWords("socket", [masked(int, 2n), masked(int, 1234n, 2)])).toBe("AF_INET, arg2 = 0x4d2");
});
