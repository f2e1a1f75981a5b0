import type { Json, UnknownMember } from "./types.ts";
import { nearest } from "./suggestion.ts";

type Members = { readonly [name: string]: Json };

/**
 * An object of the document: the members that it may have, and the shapes of those that are objects or lists of
 * objects.
 */
interface Shape {
  readonly members: readonly string[];
  readonly inside: { readonly [member: string]: Shape };
}

const condition: Shape = { members: ["caps", "arches", "minKernel"], inside: {} };
const arg: Shape = { members: ["index", "value", "valueTwo", "op"], inside: {} };
const group: Shape = {
  members: ["name", "names", "action", "errnoRet", "errno", "args", "comment", "includes", "excludes"],
  inside: { args: arg, includes: condition, excludes: condition },
};
const archEntry: Shape = { members: ["architecture", "subArchitectures"], inside: {} };

/**
 * Sources: moby/profiles/seccomp (Seccomp, Syscall, Filter), the OCI runtime-spec's LinuxSeccomp, and
 * containers-common's errno names.
 */
const profile: Shape = {
  members: [
    "defaultAction",
    "defaultErrnoRet",
    "defaultErrno",
    "architectures",
    "archMap",
    "syscalls",
    "flags",
    "listenerPath",
    "listenerMetadata",
  ],
  inside: { archMap: archEntry, syscalls: group },
};

/**
 * A member's name as Go's decoder compares it, which ignores case. The long s and the Kelvin sign count as s and k
 * (encoding/json, fold.go). Two names are one member if the results are equal.
 */
export function folded(name: string): string {
  return name.toLowerCase().replaceAll("\u017f", "s");
}

/**
 * Objects of a document that have one member twice, in two spellings. Which one counts depends on the reader, and on
 * whether one of them is null.
 */
export function givenTwice(
  document: Json,
): readonly { readonly pointer: string; readonly names: readonly [string, string] }[] {
  return pairsOf(document, profile, "");
}

function pairsOf(value: Json, shape: Shape, pointer: string): ReturnType<typeof givenTwice> {
  if (Array.isArray(value))
    return (value as readonly Json[]).flatMap((item, index) => pairsOf(item, shape, `${pointer}/${index}`));
  if (!isObject(value)) return [];
  const known = spellingsOf(shape);
  const seen = new Map<string, string>();
  return Object.entries(value).flatMap(([name, member]) => {
    const spelt = known.get(folded(name));
    if (spelt === undefined) return [];
    const place = `${pointer}/${name}`;
    const first = seen.get(spelt);
    seen.set(spelt, name);
    const inside = insideOf(shape, spelt);
    return [
      ...(first === undefined ? [] : [{ pointer: place, names: [first, name] as const }]),
      ...(inside === undefined ? [] : pairsOf(member, inside, place)),
    ];
  });
}

/** The document with its members in the known spelling. Engines are written in Go, which reads them in any case. */
export function canonical(document: Json): Json {
  return respell(document, profile);
}

function respell(value: Json, shape: Shape): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => respell(item, shape));
  if (!isObject(value)) return value;
  const known = spellingsOf(shape);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const spelt = known.get(folded(name)) ?? name;
      const inside = insideOf(shape, spelt);
      return [spelt, inside === undefined ? member : respell(member, inside)];
    }),
  );
}

/** Members of a canonical document that no engine reads, in the document's order. */
export function unknownMembers(document: Json): readonly UnknownMember[] {
  return strangers(document, profile, "");
}

function strangers(value: Json, shape: Shape, pointer: string): readonly UnknownMember[] {
  if (Array.isArray(value))
    return (value as readonly Json[]).flatMap((item, index) => strangers(item, shape, `${pointer}/${index}`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const place = `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (!shape.members.includes(name))
      return [{ pointer: place, name, meant: name.length > 40 ? undefined : nearest(name, shape.members) }];
    const inside = insideOf(shape, name);
    return inside === undefined ? [] : strangers(member, inside, place);
  });
}

const spellings = new Map<Shape, ReadonlyMap<string, string>>();

/** The members of a shape by their folded names. */
function spellingsOf(shape: Shape): ReadonlyMap<string, string> {
  let found = spellings.get(shape);
  if (found === undefined) spellings.set(shape, (found = new Map(shape.members.map((name) => [folded(name), name]))));
  return found;
}

/** The shape of a member's objects, if it holds objects. */
function insideOf({ inside }: Shape, member: string): Shape | undefined {
  return Object.hasOwn(inside, member) ? inside[member] : undefined;
}

function isObject(value: Json): value is Members {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
