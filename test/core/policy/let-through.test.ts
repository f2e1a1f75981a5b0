import { expect, test } from "vitest";
import { letThrough } from "../../../src/core/policy/index.ts";
import { evaluate } from "../../../src/core/seccomp/index.ts";
import { syscallNumber } from "../../../src/core/tables/index.ts";

const arch = "SCMP_ARCH_X86_64";

test.each([
  ["read", [0n, 0n, 0n], true],
  ["write", [1n, 0n, 0n], false],
  ["fcntl", [3n, 1n, 0n], true],
  ["fcntl", [3n, 2n, 0n], false],
  ["fcntl", [3n, 0x1_0000_0001n, 0n], false],
  ["socket", [1n, 5n, 0n], true],
  ["socket", [1n, 5n, 6n], false],
  ["execve", [0n, 0n, 0n], false],
] as const)("%s(%s): known whole, or with these arguments: %s", (name, args, through) => {
  const [filter, ...others] = letThrough(
    new Map([[arch, ["read"]]]),
    new Map([
      [
        arch,
        new Map([
          ["fcntl", { indices: [1], values: [[1n], [3n]] }],
          [
            "socket",
            {
              indices: [0, 2],
              values: [
                [1n, 0n],
                [2n, 6n],
              ],
            },
          ],
        ]),
      ],
    ]),
  );
  if (filter === undefined) throw new Error("no filter");
  expect(others).toEqual([]);
  expect(evaluate(filter, { arch, name, nr: syscallNumber(arch, name), args: [...args, 0n, 0n, 0n] }).action).toBe(
    through ? "SCMP_ACT_ALLOW" : "SCMP_ACT_TRACE",
  );
});
