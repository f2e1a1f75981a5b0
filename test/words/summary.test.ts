import { expect, test } from "vitest";
import { renderSummary } from "../../src/words/index.ts";

function summaryOf(notes: readonly object[], reach: boolean): string {
  return renderSummary({
    policy: { filters: [], notes, assumptions: { recording: "app", reach } },
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
}

test("unknown names of a log are capped in number and length", () => {
  const names = Array.from({ length: 5000 }, (_, at) => `zz_${at}_${"x".repeat(at === 0 ? 60_000 : 8)}`);
  const text = summaryOf(
    names.map((syscall) => ({ kind: "unknown-syscall", arch: "SCMP_ARCH_X86_64", syscall })),
    false,
  );
  const line = text.split("\n").find((each) => each.includes("no profile can name it")) ?? "";
  expect(line).toMatch(/zz_0_x{35}…, zz_1_x{8}, .*zz_9_x{8} and 4990 more$/);
});

test("a call that only the code makes is said to be pinned, not to be held to arguments seen", () => {
  const text = summaryOf([{ kind: "pinned", arch: "SCMP_ARCH_X86_64", syscall: "clock_nanosleep", rules: [] }], true);
  expect(text).toContain("only with some arguments (explain CALL says which): clock_nanosleep");
  expect(text).not.toContain("seen");
});
