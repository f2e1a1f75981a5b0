import { toProfile, type Members } from "./document.ts";
import { parseJson } from "./json.ts";
import type { DockerProfile, Json } from "./types.ts";
import { canonical, folded, twins, unknownMembers } from "./members.ts";
import { reject, type Origin } from "./reject.ts";
import { validate } from "./validate.ts";

/**
 * Reads a profile: Docker's format, its old ones (`name` for `names`), containers-common's (`errno`
 * names), or an OCI runtime config, whose `linux.seccomp` is taken. uint64 values are exact. Throws
 * `profile-json` (no JSON) or `profile-invalid`, both with line and column, the latter with a JSON
 * pointer. `source` is what the text is called in messages.
 */
export function readProfile(text: string, source: string): DockerProfile {
  const body = text.replace(/^\uFEFF/, "");
  const whole = parseJson(body, source);
  const { document: written, base } = unwrap(whole);
  const origin: Origin = { text: body, source, base };
  const [second] =
    base === "" ? [] : memberNames(whole).filter((name) => /^(?:defaultaction|syscalls)$/.test(folded(name)));
  if (second !== undefined)
    reject({ ...origin, base: "" }, `/${second}`, {
      detail: `there is another profile at ${base}`,
      todo: "Keep one of them: Docker reads the outer one, others the inner one.",
    });
  const [twin] = twins(written);
  if (twin !== undefined)
    reject(origin, twin.pointer, {
      detail: `${twin.names.map((name) => JSON.stringify(name)).join(" and ")} are one member, given twice`,
      todo: "Keep one: engines read names in any case, and mix the two.",
    });
  const document = canonical(written);
  validate(document, origin);
  const strangers = unknownMembers(document);
  return {
    ...toProfile(document as Members, origin),
    ...(strangers.length === 0 ? {} : { unknownMembers: strangers }),
  };
}

/**
 * Where the profile stands in its document: `""`, or `/linux/seccomp` in an OCI runtime config.
 * Throws `profile-json`.
 */
export function profilePointer(text: string, source: string): string {
  return unwrap(parseJson(text.replace(/^\uFEFF/, ""), source)).base;
}

/**
 * An OCI runtime config (`config.json`) carries the profile inside, and so does a SeccompProfile of
 * the security-profiles-operator.
 */
function unwrap(document: Json): { readonly document: Json; readonly base: string } {
  if (member(document, "kind").value === "SeccompProfile" && member(document, "spec").value !== undefined)
    return { document: member(document, "spec").value, base: "/spec" };
  const linux = member(document, "linux");
  const seccomp = member(linux.value, "seccomp");
  return seccomp.value === undefined
    ? { document, base: "" }
    : { document: seccomp.value, base: `/${linux.name}/${seccomp.name}` };
}

/**
 * The members of a document, and of the profiles that it may hold inside, folded: what it is can be
 * told by them without reading it.
 */
export function foldedMembers(document: Json): readonly string[] {
  const inner = [member(member(document, "linux").value, "seccomp").value, member(document, "spec").value];
  return [document, ...inner].flatMap(memberNames).map(folded);
}

/** A member in whatever case it is spelt, and how. */
function member(value: Json, name: string): { readonly name: string; readonly value: Json } {
  const spelt = memberNames(value).find((spelling) => folded(spelling) === name) ?? name;
  return { name: spelt, value: memberNames(value).includes(spelt) ? (value as Members)[spelt] : undefined };
}

function memberNames(value: Json): readonly string[] {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? Object.keys(value) : [];
}
