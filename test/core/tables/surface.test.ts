import { describe, expect, test } from "vitest";
import { allArchitectures, allCapabilities, isSyscallName, syscallNames } from "../../../src/core/tables/index.ts";
import {
  describeSyscall,
  exposures,
  spellingsOf,
  subsystems,
  userNamespaceCalls,
  vulnerabilities,
} from "../../../src/core/tables/surface.ts";

describe("what syscalls do", () => {
  const all = [...new Set(allArchitectures.flatMap(syscallNames))];

  test("every name of every architecture has one line, a subsystem and a source", () => {
    expect(all.length).toBeGreaterThan(500);
    for (const name of all) {
      const text = describeSyscall(name);
      expect(text, name).toBeDefined();
      expect(text?.does, name).toMatch(/^[^\s].{3,75}$/);
      expect(Object.keys(subsystems)).toContain(text?.subsystem);
      expect(text?.source, name).toMatch(/^(\w+\(2\)|[\w/.-]+\.(c|tbl))$/);
    }
  });

  test("another spelling says what it is a spelling of", () => {
    expect(describeSyscall("mmap2")).toMatchObject({ same: "mmap", does: describeSyscall("mmap")?.does });
    expect(spellingsOf("mmap")).toEqual(["mmap", "mmap2"]);
    expect(describeSyscall("no_such_call")).toBeUndefined();
  });
});

describe("exposures", () => {
  test("name calls that exist, each once, with reason and source", () => {
    const names = exposures.flatMap((row) => row.names);
    expect(names.filter((name) => !isSyscallName(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
    for (const { reason, source } of exposures) expect(reason.length * source.length).toBeGreaterThan(0);
  });
});

describe("vulnerabilities", () => {
  test("are at least 80, each once, in the order of their numbers", () => {
    expect(vulnerabilities.length).toBeGreaterThanOrEqual(80);
    const keys = vulnerabilities.map(({ id }) => id.replace(/\d+/g, (number) => number.padStart(8, "0")));
    expect(keys).toEqual([...keys].sort());
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("need calls and capabilities that exist, and say what they give and where that is known from", () => {
    for (const { id, needs, capability, gives, source } of vulnerabilities) {
      expect(needs.length, id).toBeGreaterThan(0);
      for (const need of needs) expect(need.length, id).toBeGreaterThan(0);
      expect(
        needs.flat().flatMap(({ names }) => names.filter((name) => !isSyscallName(name))),
        id,
      ).toEqual([]);
      if (capability !== undefined) expect(allCapabilities, id).toContain(capability.name);
      expect(gives, id).toMatch(/^\S.{8,}/);
      expect(source, id).toMatch(/^\S.{10,}/);
    }
    expect(userNamespaceCalls.length).toBeGreaterThan(0);
  });
});
