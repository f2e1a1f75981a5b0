import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { groupApplies } from "../../../src/core/profile/applies.ts";
import { toAction } from "../../../src/core/profile/action.ts";
import { readProfile, resolve } from "../../../src/core/profile/index.ts";
import { toRules } from "../../../src/core/profile/rules.ts";
import type { DockerProfile, HostContext } from "../../../src/core/profile/types.ts";
import { estimateInstructions } from "../../../src/core/seccomp/index.ts";
import type { Action } from "../../../src/core/seccomp/types.ts";
import { defaultCapabilities, dockerArch } from "../../../src/core/tables/index.ts";
import { buildOracle, noOracle, sizes, type Program } from "../../support/oracle.ts";
import { anyRule } from "../../support/arbitraries.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const oracle = buildOracle();
// crun's filter: runc puts its stub of a few instructions before it.
const host: HostContext = {
  arch: "SCMP_ARCH_X86_64",
  capabilities: new Set(defaultCapabilities),
  kernel: undefined,
  runtime: "crun",
};
const because = { type: "user", option: "--allow" } as const;

/** Errnos stand for the other actions, because only the number of actions matters for the length. */
function errnoOf(action: Action): number {
  return action.action === "SCMP_ACT_ALLOW" ? 0 : "errnoRet" in action ? action.errnoRet : 300 + action.action.length;
}

function programOf(profile: DockerProfile): Program {
  const fallback = toAction(profile.defaultAction, profile.defaultErrnoRet, host.arch);
  const rules = profile.syscalls
    .filter((group) => groupApplies(group, host))
    .flatMap((group) => {
      const action = toAction(group.action, group.errnoRet, host.arch);
      if (errnoOf(action) === errnoOf(fallback)) return [];
      return group.names.flatMap((syscall) =>
        toRules(group.args).map((rule): Program["rules"][number] => ({
          syscall,
          rule: { rule, because, action: { action: "SCMP_ACT_ERRNO", errnoRet: errnoOf(action) } },
        })),
      );
    });
  const architectures = [...resolve(profile, host).filters.keys()]
    .filter((arch) => arch !== host.arch)
    .map((arch) => (arch === "SCMP_ARCH_X86" ? "x86" : dockerArch(arch)));
  return { defaultErrno: errnoOf(fallback), rules, architectures };
}

/** Our estimate as a multiple of libseccomp's length. None for profiles that libseccomp refuses. */
function ratios(profiles: readonly DockerProfile[]): readonly number[] {
  const theirs = sizes(oracle ?? "", profiles.map(programOf));
  return profiles.flatMap((profile, at) => {
    const size = theirs[at];
    return size === undefined ? [] : [estimateInstructions(resolve(profile, host).filters.values()) / size];
  });
}

const read = (path: string): DockerProfile => readProfile(readFileSync(root + path, "utf8"), path);

describe("the estimate of instructions beside what libseccomp exports", () => {
  beforeEach(({ skip }) => skip(oracle === undefined, noOracle));

  test("Docker's defaults of all releases and the committed examples: within 5 per cent", () => {
    const defaults = readdirSync(`${root}profiles/docker-default`)
      .filter((name) => /^\d.*\.json$/.test(name))
      .map((name) => `profiles/docker-default/${name}`);
    const found = ratios([...defaults, "profiles/nginx.json", "profiles/redis.json"].map(read));
    expect(found.length).toBe(defaults.length + 2);
    for (const ratio of found) expect(Math.abs(ratio - 1)).toBeLessThan(0.05);
  });

  test("lists of values, as they make profiles large: within 2 per cent", () => {
    const list = (length: number): DockerProfile => ({
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: Array.from({ length }, (_, at) => ({
        names: ["ioctl"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 1, value: 0xffff_ffffn, valueTwo: BigInt(at * 77), op: "SCMP_CMP_MASKED_EQ" }],
      })),
    });
    const found = ratios([500, 1000, 2000, 4000, 6000].map(list));
    expect(found).toHaveLength(5);
    for (const ratio of found) expect(Math.abs(ratio - 1)).toBeLessThan(0.02);
  });

  test("any rules: between three quarters and four times", () => {
    const names = fc.uniqueArray(
      fc.constantFrom("read", "socket", "ioctl", "prctl", "clone", "personality", "mmap", "fcntl"),
      { minLength: 1, maxLength: 4 },
    );
    const group = fc.record({ names, rule: anyRule(3) }).map(({ names, rule }) => ({
      names,
      action: "SCMP_ACT_ALLOW",
      args: rule.conditions.map((condition) =>
        condition.op === "SCMP_CMP_MASKED_EQ"
          ? { index: condition.index, op: condition.op, value: condition.mask, valueTwo: condition.datum }
          : { index: condition.index, op: condition.op, value: condition.datum },
      ),
    }));
    const profiles = fc
      .sample(fc.array(group, { minLength: 1, maxLength: 100 }), { numRuns: 200, seed: 9 })
      .map((syscalls): DockerProfile => ({ defaultAction: "SCMP_ACT_ERRNO", syscalls }));
    const found = ratios(profiles).toSorted((a, b) => a - b);
    expect(found.length).toBeGreaterThan(150);
    expect([found[0], found.at(-1)].map((ratio) => (ratio ?? 0) > 0.75 && (ratio ?? 9) < 4)).toEqual([true, true]);
  }, 60_000);
});

test.each([
  "SCMP_ARCH_X86_64",
  "SCMP_ARCH_AARCH64",
  "SCMP_ARCH_S390X",
  "SCMP_ARCH_PPC64LE",
  "SCMP_ARCH_RISCV64",
] as const)("a profile with its pins and cuts stays below a third of the kernel's limit on %s", (arch) => {
  for (const path of ["profiles/nginx.json", "profiles/redis.json"]) {
    const { filters } = resolve(read(path), { ...host, arch });
    expect(estimateInstructions(filters.values()), path).toBeLessThan(4096 / 3);
  }
});
