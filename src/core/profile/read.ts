import { toProfile, type Members } from "./document.ts";
import { runsWithoutFilter } from "./enforcement.ts";
import { parseDocument, rejectDuplicate } from "./json.ts";
import type { DockerProfile, Json } from "./types.ts";
import { canonical, givenTwice, unknownMembers } from "./members.ts";
import { reject, type Origin } from "./reject.ts";
import { validate } from "./validate.ts";

/**
 * Reads a profile as the engines do: Docker's format, its old ones (`name` for `names`), or containers-common's
 * (`errno` names). uint64 values are exact. Some documents make engines run a container without any filter. Such a
 * document is read as a profile that allows everything, and `noFilter` says why. Throws `profile-json` (no JSON) or
 * `profile-invalid`. Both errors have line and column. `profile-invalid` also has a JSON pointer. `source` is the
 * text's name in messages.
 */
export function readProfile(text: string, source: string): DockerProfile {
  const parsed = parseDocument(text, source);
  const noFilter = runsWithoutFilter(parsed);
  if (noFilter !== undefined) return { defaultAction: "SCMP_ACT_ALLOW", syscalls: [], noFilter };
  if (parsed.duplicate !== undefined) rejectDuplicate(parsed.duplicate, text, source);
  return profileFrom(parsed.value, { text, source });
}

/** Reads a profile from within another kind of document, such as YAML. Throws `profile-invalid`. */
export function profileFrom(value: Json, origin: Origin): DockerProfile {
  const [pair] = givenTwice(value);
  if (pair !== undefined)
    reject(origin, pair.pointer, {
      detail: `${pair.names.map((name) => JSON.stringify(name)).join(" and ")} are one member, given twice`,
      todo: "Keep one: engines read names in any case, and mix the two.",
    });
  const document = canonical(value);
  checkSize(document, origin);
  validate(document, origin);
  const strangers = unknownMembers(document).slice(0, limits.strangers);
  return {
    ...toProfile(document as Members, origin),
    ...(strangers.length === 0 ? {} : { unknownMembers: strangers }),
  };
}

/**
 * The kernel takes 4096 instructions, and a group with an effect needs some of them. A document with more groups or
 * names than these was made to keep its reader busy.
 */
const limits = { groups: 8192, names: 20_000, strangers: 100, name: 128 } as const;

function checkSize(document: Json, origin: Origin): void {
  const { syscalls = [] } = (document ?? {}) as { readonly syscalls?: Json };
  if (!Array.isArray(syscalls)) return;
  const tooLarge = (pointer: string, detail: string): never =>
    reject(origin, pointer, {
      detail,
      todo: "No filter of the kernel is that large. Merge groups, or remove names.",
    });
  if (syscalls.length > limits.groups) tooLarge("/syscalls", `it has ${syscalls.length} groups`);
  let names = 0;
  for (const [index, group] of (syscalls as readonly (Members | undefined)[]).entries()) {
    const list = group?.["names"];
    if (!Array.isArray(list)) continue;
    names += list.length;
    if (names > limits.names) tooLarge(`/syscalls/${index}/names`, `it has more than ${limits.names} names`);
    if (list.some((name) => typeof name === "string" && name.length > limits.name))
      tooLarge(`/syscalls/${index}/names`, `a name has more than ${limits.name} letters`);
  }
}
