import { describe, expect, test } from "vitest";
import { readProfile } from "../../../src/core/profile/index.ts";
import { lintProfile } from "../../../src/core/lint/index.ts";
import { dockersSpellings, spellings } from "../../support/spellings.ts";

/** Refusing what engines accept is safe, because it stops every command. Accepting what engines refuse is not. */
function reading(text: string): "none" | "filter" | "refused" {
  try {
    return readProfile(text, "p.json").noFilter === undefined ? "filter" : "none";
  } catch {
    return "refused";
  }
}

describe("a document is read as the engines read it", () => {
  test.each([...spellings, ...dockersSpellings])("%s", (_, text, engines) => {
    if (engines === "filter") expect(reading(text)).not.toBe("none");
    else expect(reading(text)).toBe(engines);
  });

  test("no filter at all is lint's one finding, an error that says where the profile stands", () => {
    const context = {
      host: { arch: "SCMP_ARCH_X86_64", capabilities: new Set<string>(), kernel: undefined, runtime: "runc" },
      ceiling: new Map(),
      ceilingName: "Docker's default",
    } as const;
    const text = '{"a/b":{"x":{"defaultAction":"SCMP_ACT_ERRNO"}}}';
    expect(lintProfile(readProfile(text, "p.json"), context)).toMatchObject([
      { kind: "no-filter", severity: "error", pointer: "/a~1b/x", noFilter: { kind: "wrapped" } },
    ]);
  });
});

describe("the work is linear", () => {
  const profile = (groups: string): string => `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[${groups}]}`;
  const allow = (names: string): string => `{"names":[${names}],"action":"SCMP_ACT_ALLOW"}`;

  test.each([
    ["quotes", `{"a":"${'\\"'.repeat(1_000_000)}`],
    ["brackets", "[".repeat(2_000_000)],
    ["digits", `{"defaultAction":${"9".repeat(2_000_000)}}`],
    ["values", `[${"1,".repeat(1_000_000)}1]`],
    ["groups", profile(`${`${allow('"read"')},`.repeat(60_000)}{}`)],
    ["names", profile(allow(`"x${'","x'.repeat(250_000)}"`))],
    ["a long name", profile(allow(`"${"x".repeat(1_000_000)}"`))],
  ])("%s are refused at once", { timeout: 20_000 }, (_, text) => {
    expect(reading(text)).toBe("refused");
  });
});
