import { expect, test } from "vitest";
import { renderSummary, renderUse } from "../../src/words/index.ts";

function summaryOf(notes: readonly object[], reach: boolean, policy: object = {}): string {
  return renderSummary({
    policy: { filters: [], notes, assumptions: { recording: "app", reach }, ...policy },
    diff: { allowedBefore: {}, allowedAfter: {} },
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

test("a profile for machines that number errors apart says whose answers are wrong", () => {
  const withArches = (...arches: readonly string[]): string =>
    summaryOf([], false, {
      filters: arches.map((arch) => ({ arch, defaultAction: {}, syscalls: new Map() })),
    });
  expect(withArches("SCMP_ARCH_X86_64", "SCMP_ARCH_MIPS64")).toMatch(
    /on mips64 denied calls answer other errors than meant; generate a profile for each kind of machine/,
  );
  expect(withArches("SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64")).not.toContain("errors");
  expect(withArches("SCMP_ARCH_MIPS64")).not.toContain("errors");
});

test("a verified profile is told how to use, for one container, for several and for services of a Compose file", () => {
  const rerun = { words: "", takesProfile: true, isCompose: false };
  const [one, two] = [
    { name: "web", profile: "profiles/web.json" },
    { name: "db", profile: "profiles/db.json" },
  ];
  expect(renderUse([one], rerun)).toBe("next: commit the files and run with --security-opt seccomp=profiles/web.json");
  expect(renderUse([one, two], rerun)).toContain("run each container with --security-opt");
  const lines = renderUse([one, two], { ...rerun, isCompose: true }).split("\n");
  expect(lines[0]).toBe("next: commit the files, and add these lines to the Compose file:");
  expect(lines.slice(1)).toEqual(expect.arrayContaining(["  services:", "    web:", "    db:"]));
});

test("a call that the kernel answered with EPERM is not called a lack of privilege: setsid has another reason", () => {
  const text = renderSummary({
    policy: { filters: [], notes: [], assumptions: { recording: "app", reach: false } },
    diff: { kept: 0, of: 0 },
    mode: "enforce",
    ceilingName: "Docker's default",
    recording: {
      name: "app",
      runs: [],
      syscalls: { SCMP_ARCH_X86_64: { setsid: { calls: 1, results: ["EPERM"], processes: ["php-fpm"] } } },
    },
    paths: {},
    rerun: undefined,
    unparsed: 0,
    missed: [],
    verified: false,
  } as unknown as Parameters<typeof renderSummary>[0]);
  expect(text).toContain("the kernel itself answered EPERM to these, and the profile allows them: setsid");
});
