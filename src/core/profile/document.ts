import { errnoNumber } from "../tables/index.ts";
import { parseJson } from "./json.ts";
import type { DockerArg, DockerCondition, DockerProfile, DockerSyscallGroup, Json } from "./types.ts";
import { reject, type Origin } from "./reject.ts";
import { nearest } from "./suggestion.ts";

/** The members of a profile's document, by its schema. */
export type Members = { readonly [name: string]: Json };

/**
 * Reads one of Docker's defaults from this package. The default is in today's format, without numbers beyond 2^53. A
 * test also reads each default as any other profile is read.
 */
export function readShipped(text: string, source: string): DockerProfile {
  return toProfile(JSON.parse(text) as Members, { text, source });
}

/** Reads a profile that was just emitted, in today's format. A test also reads each as any other profile is read. */
export function readEmitted(text: string): DockerProfile {
  const source = "the generated profile";
  return toProfile(parseJson(text, source) as Members, { text, source });
}

/** The profile in a document. Throws `profile-invalid` for faults that the schema cannot describe. */
export function toProfile(document: Members, origin: Origin): DockerProfile {
  const { architectures, archMap } = document as {
    readonly architectures?: readonly string[];
    readonly archMap?: readonly Members[];
  };
  if ((architectures?.length ?? 0) > 0 && (archMap?.length ?? 0) > 0) {
    reject(origin, "/archMap", {
      detail: "both architectures and archMap are given",
      todo: "Keep one of them: engines refuse both.",
    });
  }
  const defaultErrnoRet = errnoOf(document, "defaultErrnoRet", "defaultErrno", "", origin);
  return {
    defaultAction: document["defaultAction"] as string,
    ...(defaultErrnoRet === undefined ? {} : { defaultErrnoRet }),
    ...(typeof document["listenerPath"] === "string" ? { listenerPath: document["listenerPath"] } : {}),
    ...(typeof document["listenerMetadata"] === "string" ? { listenerMetadata: document["listenerMetadata"] } : {}),
    ...(Array.isArray(document["flags"]) && document["flags"].length > 0
      ? { flags: document["flags"] as readonly string[] }
      : {}),
    ...(architectures === undefined ? {} : { architectures }),
    ...(archMap === undefined
      ? {}
      : {
          archMap: archMap.map((entry) => ({
            architecture: entry["architecture"] as string,
            subArchitectures: (entry["subArchitectures"] ?? []) as readonly string[],
          })),
        }),
    syscalls: ((document["syscalls"] ?? []) as readonly Members[]).map((group, index) =>
      toGroup(group, `/syscalls/${index}`, origin),
    ),
  };
}

function toGroup(group: Members, pointer: string, origin: Origin): DockerSyscallGroup {
  const names = (group["names"] ?? []) as readonly string[];
  // Go reads an empty name as no name.
  const name = group["name"] === "" ? undefined : (group["name"] as string | undefined);
  if (name !== undefined && names.length > 0)
    reject(origin, `${pointer}/name`, {
      detail: "both name and names are given",
      todo: "Keep names: engines refuse both.",
    });
  const errnoRet = errnoOf(group, "errnoRet", "errno", pointer, origin);
  const args = group["args"] as readonly Members[] | undefined;
  const { comment, includes, excludes } = group as {
    readonly comment?: string;
    readonly includes?: DockerCondition;
    readonly excludes?: DockerCondition;
  };
  return {
    ...(name === undefined ? {} : { oldSpelling: true as const }),
    names: name === undefined ? names : [name],
    action: group["action"] as string,
    ...(errnoRet === undefined ? {} : { errnoRet }),
    ...(args === undefined || args.length === 0
      ? {}
      : { args: args.map((arg, index) => toArg(arg, `${pointer}/args/${index}`, origin)) }),
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
  const exact =
    typeof value === "bigint"
      ? value
      : typeof value === "number" && Number.isSafeInteger(value)
        ? BigInt(value)
        : undefined;
  if (exact === undefined || BigInt.asUintN(64, exact) !== exact) {
    reject(origin, pointer, {
      detail: "this is not an unsigned 64-bit integer",
      todo: "Write it in full digits, between 0 and 18446744073709551615.",
    });
  }
  return exact;
}

const errnoNames = [
  "EPERM",
  "ENOENT",
  "EACCES",
  "EINVAL",
  "ENOSYS",
  "EAFNOSUPPORT",
  "EOPNOTSUPP",
  "ENOTSUP",
  "EAGAIN",
  "ENOMEM",
  "EBUSY",
  "ENODEV",
  "EROFS",
];

/**
 * Docker reads only the number. podman reads the text first: a name, or digits (containers-common, getErrno()). If the
 * two would read different errors, the profile is refused.
 */
function errnoOf(
  members: Members,
  numberName: string,
  textName: string,
  pointer: string,
  origin: Origin,
): number | undefined {
  const number = members[numberName] as number | undefined;
  const text = members[textName] as string | undefined;
  if (text === undefined) return number;
  const known = /^\d{1,5}$/.test(text) ? Number(text) : errnoNumber(text.toUpperCase());
  if (known !== undefined && known !== (number ?? known))
    reject(origin, `${pointer}/${textName}`, {
      detail: `${textName} ${JSON.stringify(text)} and ${numberName} ${number} are different errors`,
      todo: "Keep one: podman answers with the first, Docker with the second.",
    });
  if (known !== undefined) return known;
  const near = nearest(text, errnoNames);
  return reject(origin, `${pointer}/${textName}`, {
    detail: `${JSON.stringify(text)} is not an error name`,
    todo: near === undefined ? "Use a name of errno(3), e.g. ENOSYS." : `Did you mean ${near}?`,
  });
}
