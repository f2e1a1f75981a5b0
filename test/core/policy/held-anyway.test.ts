import { resolveFor } from "../../../src/core/profile/index.ts";
import { expect, test } from "vitest";
import { inspectedArguments, type Recording, type SyscallRecord } from "../../../src/core/recording/index.ts";
import { loadReference } from "../../../src/project/derivation/reference.ts";
import { buildPolicy, heldAnyway } from "../../../src/core/policy/index.ts";
import { policyOptions } from "../../support/options.ts";

const arch = "SCMP_ARCH_X86_64";
const seen = (...names: readonly string[]): Recording => ({
  version: 1,
  name: "app",
  runs: [{ source: "log", command: [], versions: {}, lean: true, ended: "exited" }],
  syscalls: {
    [arch]: Object.fromEntries(
      ["execve", ...names].map((name): [string, SyscallRecord] => [
        name,
        { calls: 1, results: ["ok"], processes: ["app"] },
      ]),
    ),
  },
});

test.each([
  { exact: false, floor: "any" },
  { exact: true, floor: "any" },
  { exact: true, floor: "crun" },
] as const)(
  "a profile of a lean recording is the same whether these calls were seen or not (%o)",
  async ({ exact, floor }) => {
    const held = heldAnyway(arch, []);
    expect(held.length).toBeGreaterThan(10);
    const reference = await loadReference(undefined);
    const ceiling = resolveFor(reference.profile, [
      { arch, capabilities: new Set(), kernel: undefined, runtime: "runc" },
    ]);
    const policy = (recording: Recording) => {
      const { filters } = buildPolicy(recording, policyOptions(ceiling, { exact, floor }));
      return filters.map(({ syscalls }) =>
        [...syscalls].map(([name, rules]) => [name, rules.map(({ action, rule }) => ({ action, rule }))]),
      );
    };
    expect(policy(seen(...held))).toEqual(policy(seen()));
  },
);

test("none of them has arguments that could be pinned, and what is denied is looked for", () => {
  for (const name of heldAnyway(arch, [])) expect(inspectedArguments(arch, name)).toBeUndefined();
  expect(heldAnyway(arch, ["getpid"])).not.toContain("getpid");
});

test("only calls of the floor and of every program count, and none that brings in others", () => {
  expect(heldAnyway(arch, []).join(" ")).toBe(
    "close epoll_ctl exit exit_group getpid getppid gettid gettimeofday munmap openat2 restart_syscall rseq " +
      "rt_sigreturn sched_yield sigaltstack sigreturn time umask",
  );
});
