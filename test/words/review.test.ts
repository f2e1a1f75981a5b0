import { describe, expect, test } from "vitest";
import { diffFilters } from "../../src/core/diff/index.ts";
import { readProfile, resolve } from "../../src/core/profile/index.ts";
import { escapeTerminal } from "../../src/core/text/index.ts";
import { renderDiff } from "../../src/words/index.ts";
import { defaultCapabilities, syscallNames } from "../../src/core/tables/index.ts";

const host = {
  arch: "SCMP_ARCH_X86_64",
  capabilities: new Set(defaultCapabilities),
  kernel: undefined,
  runtime: "runc",
} as const;
const view = { before: "a", after: "b", color: false, width: 80 } as const;

function profile(...groups: readonly object[]): ReturnType<typeof resolve>["filters"] {
  return resolve(
    readProfile(
      JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", architectures: ["SCMP_ARCH_X86_64"], syscalls: groups }),
      "x",
    ),
    host,
  ).filters;
}

const names = (...list: readonly string[]): object => ({ names: list, action: "SCMP_ACT_ALLOW" });
const socket = (family: number): object => ({
  names: ["socket"],
  action: "SCMP_ACT_ALLOW",
  args: [{ index: 0, value: 0xffff_ffff, valueTwo: family, op: "SCMP_CMP_MASKED_EQ" }],
});

describe("a comparison", () => {
  test("shows what became possible first, with an example", () => {
    const text = renderDiff(
      diffFilters(profile(names("read", "write"), socket(1)), profile(names("read", "ptrace"), socket(1), socket(17))),
      { ...view, format: "text" },
    );
    expect(text.indexOf("newly allowed")).toBeLessThan(text.indexOf("no longer allowed"));
    expect(text).toMatch(/newly allowed \(1\)\n  ptrace/);
    expect(text).toMatch(/socket\n.*before:.*AF_UNIX.*\n.*after:.*AF_PACKET.*\n.*e\.g\. socket\(AF_PACKET\)/);
    expect(text).toMatch(/no longer allowed \(1\)\n  write/);
  });

  test("names an answer that always holds once, and no rule beside it", () => {
    const text = renderDiff(diffFilters(profile(socket(1)), profile(names("socket"), names("socket"), socket(1))), {
      ...view,
      format: "text",
    });
    expect(text).toMatch(/after: +allow always\n/);
  });

  test("names an answer once for all calls that get it, in text, on a terminal and in markdown", () => {
    const denied = (errnoRet: number, ...list: readonly string[]): object => ({
      names: list,
      action: "SCMP_ACT_ERRNO",
      errnoRet,
    });
    const logged = { names: ["ptrace", "splice"], action: "SCMP_ACT_LOG" };
    const change = diffFilters(
      profile(),
      profile(denied(13, "mount", "tee"), denied(22, "sync"), logged, names("read")),
    );
    const groups = /denied with another answer[^]*\n *EPERM → EACCES: mount,? tee\n+ *EPERM → EINVAL: sync\n/;
    const text = renderDiff(change, { ...view, format: "text" });
    expect(text).toMatch(groups);
    expect(text).toMatch(/newly allowed \(3\)\n  read\n  allow and log: ptrace splice\n/);
    expect(renderDiff(change, { ...view, format: "markdown" })).toMatch(groups);
    const many = profile({ names: syscallNames("SCMP_ARCH_X86_64"), action: "SCMP_ACT_LOG" });
    const brief = renderDiff(diffFilters(profile(), many), { ...view, format: "text", rows: 24 });
    expect(brief).toMatch(/newly allowed \(\d+\)\n  allow and log: /);
  });

  test("of equals says so", () => {
    const same = diffFilters(profile(names("read", "write")), profile(names("write"), names("read")));
    expect(renderDiff(same, { ...view, format: "text" })).toContain("no difference");
    expect(renderDiff(same, { ...view, format: "markdown" })).toContain("No difference");
  });

  test("as JSON keeps 64-bit values", () => {
    const big = {
      names: ["personality"],
      action: "SCMP_ACT_ALLOW",
      args: [{ index: 0, value: 4294967295, op: "SCMP_CMP_EQ" }],
    };
    const json = renderDiff(diffFilters(profile(), profile(big)), { ...view, format: "json" });
    const read = JSON.parse(json) as { syscalls: { kind: string }[] };
    expect(read.syscalls.filter(({ kind }) => kind === "newly-allowed")).toMatchObject([
      { syscall: "personality", witness: { args: [4294967295, 0, 0, 0, 0, 0] } },
    ]);
  });

  test("in Markdown lets no name out of its cell", () => {
    const hostile = "x|y`<img src=x>\n# head";
    const text = renderDiff(diffFilters(profile(), profile(names("read"))), {
      ...view,
      before: hostile,
      format: "markdown",
    });
    expect(text).not.toMatch(/<img|\n# head|\|y`/);
  });
});

describe("escapes", () => {
  test.each(["\u001b[2J", "\u009b2J", "\r", "\u0007", "\u202e", "\u2066", "\u200b", "\u007f", "\u0000"])(
    "%j does not reach the terminal",
    (text) => {
      expect(escapeTerminal(`a${text}b`)).toMatch(/^a\\u\{[0-9a-f]+\}/);
    },
  );

  test("leaves words of any language alone", () => expect(escapeTerminal("größe 大小 😀")).toBe("größe 大小 😀"));
});
