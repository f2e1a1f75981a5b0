import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  companionRows,
  floorRows,
  readReason,
  writeReason,
  type Assumptions,
  type Limit,
  type Reason,
} from "../../../src/core/policy/index.ts";
import { readProfile } from "../../../src/core/profile/index.ts";
import { allCapabilities, isSyscallName, syscallNames } from "../../../src/core/tables/index.ts";

const text = fc.string({ minLength: 1, unit: "binary" });
const call = fc.constantFrom(...syscallNames("SCMP_ARCH_X86_64"), ...syscallNames("SCMP_ARCH_S390"));

/**
 * Words about arguments never contain `: `, because it marks their end. They do not begin like the words of a call
 * without limits.
 */
const limit: fc.Arbitrary<Limit> = fc.record({
  call,
  words: text.filter(
    (words) => !words.includes(": ") && !words.endsWith(":") && !words.startsWith("with any arguments, because "),
  ),
});

/** A row's reason does not begin with a call and its arguments. */
const reason = text.filter((words) => !isSyscallName(/^\w*/.exec(words)?.[0] ?? ""));

const assumptions: fc.Arbitrary<Assumptions> = fc.record({
  recording: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/),
  noNewPrivileges: fc.boolean(),
  init: fc.boolean(),
  floor: fc.constantFrom("any", "runc", "crun"),
  args: fc.constantFrom("none", "standard", "strict"),
  capabilities: fc.option(
    fc.record({
      more: fc.oneof(fc.nat(), fc.uniqueArray(fc.constantFrom(...allCapabilities), { minLength: 1, maxLength: 8 })),
      inSomeRuns: fc.boolean(),
    }),
    { nil: undefined },
  ),
  exact: fc.boolean(),
  reach: fc.boolean(),
  mode: fc.constantFrom("enforce", "complain"),
  ceiling: text,
});

const anyReason: fc.Arbitrary<Reason> = fc.oneof(
  fc.record({ type: fc.constant("observed" as const), assumptions: fc.option(assumptions, { nil: undefined }) }),
  fc.record({ type: fc.constant("observed" as const), only: limit }),
  fc.record({ type: fc.constant("observed" as const), call, unpinned: text }),
  fc.record({
    type: fc.constantFrom("floor" as const, "companion" as const),
    reason,
    only: fc.option(limit, { nil: undefined }),
  }),
  fc.record({
    type: fc.constant("code" as const),
    program: fc.stringMatching(/^[a-z0-9._+-]{1,12}$/),
    ran: fc.boolean(),
    how: reason,
    only: fc.option(limit, { nil: undefined }),
  }),
  fc.record({ type: fc.constant("answer" as const), reason: text }),
  fc.record({
    type: fc.constant("user" as const),
    option: fc.constantFrom("--allow" as const, "--deny" as const),
    beyond: fc.option(text, { nil: undefined }),
  }),
);

describe("the comments of a profile", () => {
  test("what is written is read again", () => {
    fc.assert(
      fc.property(anyReason, (written) => {
        expect(readReason(writeReason(written))).toEqual(written);
      }),
      { numRuns: 1000 },
    );
  });

  test("a comment that others wrote is read without an error, and writing it again changes nothing", () => {
    const beginning = fc.constantFrom("observed", "observed: ", "observed (", "container runtime: ", "user: ", "");
    fc.assert(
      fc.property(beginning, text, (begin, rest) => {
        const read = readReason(begin + rest);
        if (read !== undefined && !("assumptions" in read)) expect(writeReason(read)).toBe(begin + rest);
      }),
    );
  });

  test("no row's reason reads as a call with its arguments", () => {
    const rows = [
      ...floorRows.map((row) => ({ type: "floor" as const, reason: row.reason })),
      ...companionRows.map((row) => ({ type: "companion" as const, reason: row.reason })),
    ];
    for (const row of rows) {
      const written: Reason = { ...row, only: undefined };
      expect(readReason(writeReason(written))).toEqual(written);
    }
  });

  test.each(["nginx", "redis"])(
    "every comment of profiles/%s.json is read, and written again as it is",
    async (name) => {
      const path = fileURLToPath(new URL(`../../../profiles/${name}.json`, import.meta.url));
      const { syscalls } = readProfile(await readFile(path, "utf8"), path);
      for (const { comment = "" } of syscalls) {
        const read = readReason(comment);
        expect(read === undefined ? "not read" : writeReason(read)).toBe(comment);
      }
    },
  );

  test("a comment is read as data", () => {
    expect(
      readReason(
        "observed (recording nginx; no-new-privileges; with --init; runtime runc; arguments strict; with " +
          "CAP_NET_ADMIN, CAP_SYS_TIME (in some runs); exact: no companions; at most Docker 29.4.3's default)",
      ),
    ).toEqual({
      type: "observed",
      assumptions: {
        recording: "nginx",
        noNewPrivileges: true,
        init: true,
        floor: "runc",
        args: "strict",
        capabilities: { more: ["CAP_NET_ADMIN", "CAP_SYS_TIME"], inSomeRuns: true },
        exact: true,
        reach: true,
        mode: "enforce",
        ceiling: "Docker 29.4.3's default",
      },
    });
    expect(readReason("companion: prctl PR_SET_VMA: a harmless option")).toEqual({
      type: "companion",
      reason: "a harmless option",
      only: { call: "prctl", words: "PR_SET_VMA" },
    });
    expect(readReason("user: --allow, BEYOND Docker's default")).toEqual({
      type: "user",
      option: "--allow",
      beyond: "Docker's default",
    });
    expect(readReason("needed by our sidecar")).toBeUndefined();
  });
});
