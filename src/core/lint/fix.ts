import { offsetOf, valueEnd, type DockerProfile } from "../profile/index.ts";
import { argumentBits, intArgumentsOf } from "../tables/index.ts";
import type { Fix } from "./types.ts";

interface Edit extends Fix {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Corrects, in the text itself, every fault that has one safe correction. All other bytes stay. `profile` is what a
 * reader made of the text.
 */
export function fixProfile(
  text: string,
  profile: DockerProfile,
): { readonly text: string; readonly fixes: readonly Fix[] } {
  const edits = profile.syscalls.flatMap((group, index) => [
    ...(group.oldSpelling === true ? newSpelling(text, `/syscalls/${index}`) : []),
    // A condition holds for all names of its group. It is narrowed only to bits that each of these calls takes there.
    ...(group.args ?? []).flatMap((arg, at) => {
      const bits = Math.max(...group.names.map((name) => bitsOf(name, arg.index)), 16);
      return arg.op === "SCMP_CMP_EQ" && bits < 64 && arg.value >> BigInt(bits) === 0n
        ? maskedEquality(text, `/syscalls/${index}/args/${at}`, { ...arg, mask: 2 ** bits - 1 })
        : [];
    }),
  ]);
  const fixed = edits
    .sort((a, b) => b.start - a.start)
    .reduce((whole, { start, end, text: replacement }) => whole.slice(0, start) + replacement + whole.slice(end), text);
  return { text: fixed, fixes: edits.toReversed().map(({ pointer, kind }) => ({ pointer, kind })) };
}

function bitsOf(name: string, index: number): 16 | 32 | 64 {
  return intArgumentsOf(name).some((int) => int === index) ? argumentBits(name, index) : 64;
}

/** `"name": "read"` → `"names": ["read"]` */
function newSpelling(text: string, pointer: string): readonly Edit[] {
  const value = offsetOf(text, `${pointer}/name`);
  const end = valueEnd(text, value);
  const key = text.lastIndexOf('"name"', value);
  return key < offsetOf(text, pointer)
    ? []
    : [
        {
          start: key,
          end,
          text: `"names": [${text.slice(value, end)}]`,
          pointer,
          kind: "new-spelling",
        },
      ];
}

function maskedEquality(
  text: string,
  pointer: string,
  { index, value, mask }: { readonly index: number; readonly value: bigint; readonly mask: number },
): readonly Edit[] {
  const start = offsetOf(text, pointer);
  const end = valueEnd(text, start);
  const lines = text.slice(start, end).split("\n");
  const members = [`"index": ${index}`, `"value": ${mask}`, `"valueTwo": ${value}`, `"op": "SCMP_CMP_MASKED_EQ"`];
  const indent = /^\s*/.exec(lines[1] ?? "")?.[0] ?? "";
  const closing = /^\s*/.exec(lines.at(-1) ?? "")?.[0] ?? "";
  const object =
    lines.length === 1
      ? `{ ${members.join(", ")} }`
      : `{\n${members.map((member) => indent + member).join(",\n")}\n${closing}}`;
  return [{ start, end, text: object, pointer, kind: "masked-equality" }];
}
