import { expect, test } from "vitest";
import { fixProfile } from "../../../src/core/lint/index.ts";
import { readProfile } from "../../../src/core/profile/index.ts";

const fixed = (text: string) => fixProfile(text, readProfile(text, "profile.json"));

/** A profile with one condition of openat: its arg1 is an address, its arg2 an int. */
const onArgument = (index: number): string =>
  `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["openat"], "action": "SCMP_ACT_ALLOW", ` +
  `"args": [{"index": ${index}, "value": 2, "op": "SCMP_CMP_EQ"}]}]}`;

test("a comparison of an int is narrowed to 32 bits, one of an address is not", () => {
  expect(fixed(onArgument(2)).text).toContain(
    '"args": [{ "index": 2, "value": 4294967295, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ" }]',
  );
  expect(fixed(onArgument(2)).fixes).toEqual([{ pointer: "/syscalls/0/args/0", kind: "masked-equality" }]);
  expect(fixed(onArgument(1))).toEqual({ text: onArgument(1), fixes: [] });
});

test("what stands on several lines stays so, with the indentation of its own", () => {
  const text = `{
  "defaultAction": "SCMP_ACT_ERRNO",
  "syscalls": [
    {
      "names": ["openat"],
      "action": "SCMP_ACT_ALLOW",
      "args": [
        {
          "index": 2,
          "value": 2,
          "op": "SCMP_CMP_EQ"
        }
      ]
    }
  ]
}
`;
  expect(fixed(text).text).toContain(`      "args": [
        {
          "index": 2,
          "value": 4294967295,
          "valueTwo": 2,
          "op": "SCMP_CMP_MASKED_EQ"
        }
      ]`);
});

test("several corrections are listed from the top, and all of them are made", () => {
  const text =
    '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"name": "read", "action": "SCMP_ACT_ALLOW"}, ' +
    '{"name": "write", "action": "SCMP_ACT_ALLOW"}]}';
  const { text: after, fixes } = fixed(text);
  expect(fixes.map(({ pointer, kind }) => `${pointer} ${kind}`)).toEqual([
    "/syscalls/0 new-spelling",
    "/syscalls/1 new-spelling",
  ]);
  expect(after).toContain('{"names": ["read"], "action"');
  expect(after).toContain('{"names": ["write"], "action"');
});
