import { describe, expect, test } from "vitest";
import {
  allArchitectures,
  errnoFrom,
  errnoName,
  errnoNumber,
  errnoOn,
  numberAlike,
} from "../../../src/core/tables/index.ts";

describe("an error's number", () => {
  test.each([
    ["SCMP_ARCH_MIPS64", "ENOSYS", 89],
    ["SCMP_ARCH_MIPSEL", "EAFNOSUPPORT", 124],
    ["SCMP_ARCH_MIPS", "EDQUOT", 1133],
    ["SCMP_ARCH_PARISC", "ENOSYS", 251],
    ["SCMP_ARCH_PARISC64", "ENOTSUP", 223],
    ["SCMP_ARCH_MIPS", "EPERM", 1],
    ["SCMP_ARCH_PPC64LE", "ENOSYS", 38],
    ["SCMP_ARCH_X86_64", "EPROTONOSUPPORT", 93],
  ] as const)("on %s, %s is %i", (arch, name, number) => {
    expect(errnoOn(arch, errnoNumber(name) ?? 0)).toBe(number);
    expect(errnoName(errnoFrom(arch, number))).toBe(name);
  });

  test.each(allArchitectures)("of %s is kept when a profile is read and written again", (arch) => {
    for (let number = 0; number < 4096; number += 1) expect(errnoOn(arch, errnoFrom(arch, number))).toBe(number);
  });

  test("that has no name on its architecture gets no other machine's name", () => {
    expect(errnoName(100)).toBe("ENETDOWN");
    expect(errnoName(errnoFrom("SCMP_ARCH_MIPS", 100))).toBeUndefined();
  });
});

test("machines of one kind number errors alike", () => {
  expect(numberAlike(["SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPSEL64N32"])).toBe(true);
  expect(numberAlike(["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"])).toBe(true);
  expect(numberAlike(["SCMP_ARCH_X86_64", "SCMP_ARCH_MIPS64"])).toBe(false);
});
