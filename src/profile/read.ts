import { errnoNumber } from "../tables/index.ts";
import { parseJson } from "./json.ts";
import type { Json } from "./json.ts";
import { canonical, folded, twins, unknownMembers } from "./members.ts";
import { nearest } from "./suggestion.ts";
import type { DockerArg, DockerCondition, DockerProfile, DockerSyscallGroup } from "./types.ts";
import { reject, validate } from "./validate.ts";
import type { Origin } from "./validate.ts";

type Members = { readonly [name: string]: Json };

/**
 * Reads a profile: Docker's format, its old ones (`name` for `names`), containers-common's (`errno` names), or an OCI runtime
 * config, whose `linux.seccomp` is taken. uint64 values are exact. Throws `profile-json` (no JSON) or `profile-invalid`, both with line
 * and column, the latter with a JSON pointer. `source` is what the text is called in messages.
 */
export function readProfile(text: string, source: string): DockerProfile {
  const body = text.replace(/^\uFEFF/, "");
  const whole = parseJson(body, source);
  const { document: written, base } = unwrap(whole);
  const origin: Origin = { text: body, source, base };
  const [second] = base === "" ? [] : memberNames(whole).filter((name) => /^(?:defaultaction|syscalls)$/.test(folded(name)));
  if (second !== undefined) reject({ ...origin, base: "" }, `/${second}`, { detail: `there is another profile at ${base}`, todo: "Keep one of them: Docker reads the outer one, others the inner one." });
  const [twin] = twins(written);
  if (twin !== undefined) reject(origin, twin.pointer, { detail: `${twin.names.map((name) => JSON.stringify(name)).join(" and ")} are one member, given twice`, todo: "Keep one: engines read names in any case, and mix the two." });
  const document = canonical(written);
  validate(document, origin);
  const strangers = unknownMembers(document);
  return { ...toProfile(document as Members, origin), ...(strangers.length === 0 ? {} : { unknownMembers: strangers }) };
}

/** Reads one of Docker's defaults as this package ships them: in today's format, without numbers beyond 2^53. A test reads each the long way too. */
export function readShipped(text: string, source: string): DockerProfile {
  return toProfile(JSON.parse(text) as Members, { text, source, base: "" });
}

/** Reads a profile that was just emitted: in today's format. A test reads each the long way too. */
export function readEmitted(text: string): DockerProfile {
  const source = "the generated profile";
  return toProfile(parseJson(text, source) as Members, { text, source, base: "" });
}

/** Where the profile stands in its document: `""`, or `/linux/seccomp` in an OCI runtime config. Throws `profile-json`. */
export function profilePointer(text: string, source: string): string {
  return unwrap(parseJson(text.replace(/^\uFEFF/, ""), source)).base;
}

/** An OCI runtime config (`config.json`) carries the profile inside, and so does a SeccompProfile of the security-profiles-operator. */
function unwrap(document: Json): { readonly document: Json; readonly base: string } {
  if (member(document, "kind").value === "SeccompProfile" && member(document, "spec").value !== undefined) return { document: member(document, "spec").value, base: "/spec" };
  const linux = member(document, "linux");
  const seccomp = member(linux.value, "seccomp");
  return seccomp.value === undefined ? { document, base: "" } : { document: seccomp.value, base: `/${linux.name}/${seccomp.name}` };
}

/** The members of a document, and of the profiles that it may hold inside, folded: what it is can be told by them without reading it. */
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

function toProfile(document: Members, origin: Origin): DockerProfile {
  const { architectures, archMap } = document as { readonly architectures?: readonly string[]; readonly archMap?: readonly Members[] };
  if ((architectures?.length ?? 0) > 0 && (archMap?.length ?? 0) > 0) {
    reject(origin, "/archMap", { detail: "both architectures and archMap are given", todo: "Keep one of them: engines refuse both." });
  }
  const defaultErrnoRet = errnoOf(document, "defaultErrnoRet", "defaultErrno", "", origin);
  return {
    defaultAction: document["defaultAction"] as string,
    ...(defaultErrnoRet === undefined ? {} : { defaultErrnoRet }),
    ...(typeof document["listenerPath"] === "string" ? { listenerPath: document["listenerPath"] } : {}),
    ...(architectures === undefined ? {} : { architectures }),
    ...(archMap === undefined
      ? {}
      : { archMap: archMap.map((entry) => ({ architecture: entry["architecture"] as string, subArchitectures: (entry["subArchitectures"] ?? []) as readonly string[] })) }),
    syscalls: ((document["syscalls"] ?? []) as readonly Members[]).map((group, index) => toGroup(group, `/syscalls/${index}`, origin)),
  };
}

function toGroup(group: Members, pointer: string, origin: Origin): DockerSyscallGroup {
  const names = (group["names"] ?? []) as readonly string[];
  const name = group["name"] as string | undefined;
  if (name !== undefined && names.length > 0) reject(origin, `${pointer}/name`, { detail: "both name and names are given", todo: "Keep names: engines refuse both." });
  const errnoRet = errnoOf(group, "errnoRet", "errno", pointer, origin);
  const args = group["args"] as readonly Members[] | undefined;
  const { comment, includes, excludes } = group as { readonly comment?: string; readonly includes?: DockerCondition; readonly excludes?: DockerCondition };
  return {
    ...(name === undefined ? {} : { oldSpelling: true as const }),
    names: name === undefined ? names : [name],
    action: group["action"] as string,
    ...(errnoRet === undefined ? {} : { errnoRet }),
    ...(args === undefined || args.length === 0 ? {} : { args: args.map((arg, index) => toArg(arg, `${pointer}/args/${index}`, origin)) }),
    ...(comment === undefined || comment === "" ? {} : { comment }),
    ...(includes === undefined || Object.keys(includes).length === 0 ? {} : { includes }),
    ...(excludes === undefined || Object.keys(excludes).length === 0 ? {} : { excludes }),
  };
}

function toArg(arg: Members, pointer: string, origin: Origin): DockerArg {
  const valueTwo = arg["valueTwo"];
  return {
    index: arg["index"] as number,
    value: uint64(arg["value"] ?? 0, `${pointer}/value`, origin),
    ...(valueTwo === undefined ? {} : { valueTwo: uint64(valueTwo, `${pointer}/valueTwo`, origin) }),
    op: arg["op"] as string,
  };
}

function uint64(value: Json, pointer: string, origin: Origin): bigint {
  const exact = typeof value === "bigint" ? value : typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (exact === undefined || BigInt.asUintN(64, exact) !== exact) {
    reject(origin, pointer, { detail: "this is no unsigned 64-bit integer", todo: "Write it in full digits, between 0 and 18446744073709551615." });
  }
  return exact;
}

const errnoNames = ["EPERM", "ENOENT", "EACCES", "EINVAL", "ENOSYS", "EAFNOSUPPORT", "EOPNOTSUPP", "ENOTSUP", "EAGAIN", "ENOMEM", "EBUSY", "ENODEV", "EROFS"];

/** The number wins over the name: Docker knows only the number. */
function errnoOf(members: Members, numberName: string, textName: string, pointer: string, origin: Origin): number | undefined {
  const number = members[numberName] as number | undefined;
  const text = members[textName] as string | undefined;
  if (number !== undefined || text === undefined) return number;
  const known = errnoNumber(text.toUpperCase());
  if (known !== undefined) return known;
  const near = nearest(text, errnoNames);
  return reject(origin, `${pointer}/${textName}`, { detail: `${JSON.stringify(text)} is no error name`, todo: near === undefined ? "Use a name of errno(3), e.g. ENOSYS." : `Did you mean ${near}?` });
}
