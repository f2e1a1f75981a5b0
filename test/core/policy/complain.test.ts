import fc from "fast-check";
import { expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { parseRecording } from "../../../src/core/recording/index.ts";
import { emitDocker } from "../../../src/core/emitter/index.ts";
import { buildPolicy, complain } from "../../../src/core/policy/index.ts";
import { resolve } from "../../../src/core/profile/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { evaluate, isAllowing } from "../../../src/core/seccomp/index.ts";
import { defaultCapabilities, dockerDefaultFor, syscallNames, syscallNumber } from "../../../src/core/tables/index.ts";
import { enforced } from "../../support/enforced.ts";
import { policyOptions } from "../../support/options.ts";

const arch = "SCMP_ARCH_X86_64";
const host = { arch, capabilities: new Set(defaultCapabilities), kernel: "6.18", runtime: "runc" } as const;
const ceiling = resolve(await loadDockerDefault(dockerDefaultFor("28.5.2").file), host).filters;
const recording = parseRecording(
  readFileSync(new URL("../../../traces/nginx/recording.json", import.meta.url), "utf8"),
  "nginx",
);

/** Values with which pins compare, their neighbours, and any. */
const value = fc.oneof(
  fc.bigInt({ min: 0n, max: 64n }),
  fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
  fc.integer({ min: 0, max: 31 }).map((bit) => 1n << BigInt(bit)),
  fc.constantFrom(0x7e02_0000n, 0x5413n, 0x5401n, 0xffff_ffffn, 0x53564d41n),
);

test.each(["standard", "strict"] as const)(
  "complain mode, arguments %s: what the enforced profile allows, and a log line for Docker's default's calls",
  (args) => {
    const enforcedPolicy = buildPolicy(recording, policyOptions(ceiling, { args }));
    const complaining = complain(enforcedPolicy, ceiling);
    const [applied, staged] = [enforced(enforcedPolicy, host), enforced(complaining, host)];
    const limit = ceiling.get(arch);
    if (limit === undefined) throw new Error("no ceiling");
    // Calls that would need too many rules are allowed without a line in the log. The profile says so.
    const unwatched = new Set(
      [...(complaining.filters[0]?.syscalls ?? [])]
        .filter(([, rules]) =>
          rules.some(({ because }) => because.type === "fallback" && because.reason.includes("not logged")),
        )
        .map(([name]) => name),
    );
    // Docker's own rule for socket does not compare by masks.
    if (args === "standard") expect([...unwatched]).toEqual(["socket"]);
    const pinned = [...applied.syscalls]
      .filter(([, rules]) => rules.some(({ rule }) => rule.conditions.length > 0))
      .map(([name]) => name);
    let [asked, logged] = [0, 0];
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...pinned), fc.constantFrom(...syscallNames(arch))),
        fc.tuple(value, value, value, value, value, value),
        (name, values) => {
          const call = { arch, name, nr: syscallNumber(arch, name), args: values } as const;
          const answer = evaluate(staged, call);
          const should = isAllowing(evaluate(applied, call))
            ? "SCMP_ACT_ALLOW"
            : isAllowing(evaluate(limit, call))
              ? "SCMP_ACT_LOG"
              : "denied";
          asked++;
          logged += Number(should === "SCMP_ACT_LOG");
          if (unwatched.has(name)) expect(isAllowing(answer)).toBe(should !== "denied");
          else expect(isAllowing(answer) ? answer.action : "denied").toBe(should);
        },
      ),
      { numRuns: 3000 },
    );
    expect(logged / asked).toBeGreaterThan(0.1);
  },
);

test("a profile in complain mode says so where it is read first", () => {
  const policy = complain(buildPolicy(recording, policyOptions(ceiling)), ceiling);
  expect(emitDocker(policy).split("\n").slice(0, 12).join("\n")).toContain("COMPLAIN MODE");
});
