import { expect, test } from "vitest";
import { renderSummary } from "../../src/words/index.ts";

test("unknown names of a log are capped in number and length", () => {
  const names = Array.from({ length: 5000 }, (_, at) => `zz_${at}_${"x".repeat(at === 0 ? 60_000 : 8)}`);
  const text = renderSummary({
    policy: {
      filters: [],
      notes: names.map((syscall) => ({ kind: "unknown-syscall", arch: "SCMP_ARCH_X86_64", syscall })),
      assumptions: { recording: "app", reach: false },
    },
    diff: { kept: 0, of: 0 },
    mode: "enforce",
    ceilingName: "Docker's default",
    recording: { name: "app", runs: [], syscalls: {} },
    paths: {},
    rerun: undefined,
    unparsed: 0,
    missed: [],
    verified: false,
  } as unknown as Parameters<typeof renderSummary>[0]);
  const line = text.split("\n").find((each) => each.includes("no profile can name it")) ?? "";
  expect(line).toMatch(/zz_0_x{35}…, zz_1_x{8}, .*zz_9_x{8} and 4990 more$/);
});

test("a call that only the code makes is said to be pinned, not to be held to arguments seen", () => {
  const text = renderSummary({
    policy: {
      filters: [],
      notes: [{ kind: "pinned", arch: "SCMP_ARCH_X86_64", syscall: "clock_nanosleep", rules: [] }],
      assumptions: { recording: "app", reach: true },
    },
    diff: { kept: 0, of: 0 },
    mode: "enforce",
    ceilingName: "Docker's default",
    recording: { name: "app", runs: [], syscalls: {} },
    paths: {},
    rerun: undefined,
    unparsed: 0,
    missed: [],
    verified: false,
  } as unknown as Parameters<typeof renderSummary>[0]);
  expect(text).toContain("only with some arguments (explain CALL says which): clock_nanosleep");
  expect(text).not.toContain("seen");
});
