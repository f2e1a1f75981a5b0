import { namespaceFlags } from "../policy/index.ts";
import { fewValues, isAllowing, type ActionRule, type Filter } from "../seccomp/index.ts";
import { describeValue } from "../tables/index.ts";
import { namesOnly } from "./names-only.ts";

/** A drop-in for a unit, and the calls whose conditions it cannot express. */
export interface SystemdUnit {
  readonly text: string;
  /** Calls that the unit allows with any arguments, though the profile allows only some. */
  readonly widened: readonly string[];
}

/**
 * systemd.exec(5): SystemCallFilter has only names. Three kinds of conditions have settings of their own: socket
 * families, namespaces, and memory that is both writable and executable. The list needs no calls for systemd, which
 * itself allows what starts the program. Throws RangeError for a filter that allows by default, because no list of
 * allowed calls means the same.
 */
export function emitSystemd(filter: Filter): SystemdUnit {
  const { allowed, conditional } = namesOnly(filter);
  const rules = (name: string): readonly ActionRule[] =>
    (filter.syscalls.get(name) ?? []).filter(({ action }) => isAllowing(action));
  const families = familiesOf(rules("socket"));
  const said = new Set([
    ...(families !== undefined && rules("socket").every(({ rule }) => rule.conditions.length === 1) ? ["socket"] : []),
    ...(conditional.includes("clone") &&
    rules("clone").every(
      ({ rule: { conditions } }) =>
        conditions.length === 1 &&
        conditions.every(
          (one) =>
            one.op === "SCMP_CMP_MASKED_EQ" && one.index === 0 && one.mask === namespaceFlags && one.datum === 0n,
        ),
    )
      ? ["clone"]
      : []),
    ...(["mmap", "mprotect"].every((name) => conditional.includes(name)) &&
    neverExecutable(rules("mmap"), 6n) &&
    neverExecutable(rules("mprotect"), 4n)
      ? ["mmap", "mprotect"]
      : []),
  ]);
  const lines = [
    "[Service]",
    "SystemCallArchitectures=native",
    "SystemCallErrorNumber=ENOSYS",
    ...chunked([...allowed, ...conditional].sort()).map((names) => `SystemCallFilter=${names.join(" ")}`),
    ...(families === undefined ? [] : [`RestrictAddressFamilies=${families.join(" ") || "none"}`]),
    ...(said.has("clone") ? ["RestrictNamespaces=yes"] : []),
    ...(said.has("mmap") ? ["MemoryDenyWriteExecute=yes"] : []),
    "",
  ];
  return { text: lines.join("\n"), widened: conditional.filter((name) => !said.has(name)) };
}

/** The families that a pinned socket allows. `undefined` if some rule allows any family, or one without a name. */
function familiesOf(rules: readonly ActionRule[]): readonly string[] | undefined {
  const names = rules.flatMap(({ rule }): readonly (string | undefined)[] => {
    const family = rule.conditions.find(({ index }) => index === 0);
    const values = family === undefined ? undefined : fewValues(family);
    return values?.map((value) => describeValue("socket", 0, value)) ?? [undefined];
  });
  const isNamed = (name: string | undefined): name is string => name?.startsWith("AF_") === true;
  return names.length > 0 && names.every(isNamed) ? [...new Set(names)].sort() : undefined;
}

/** Does every rule need one of the protection bits of `mask` to be off (PROT_WRITE 2, PROT_EXEC 4)? */
function neverExecutable(rules: readonly ActionRule[], mask: bigint): boolean {
  return (
    rules.length > 0 &&
    rules.every(
      ({ rule: { conditions } }) =>
        conditions.length === 1 &&
        conditions.every(
          (one) => one.op === "SCMP_CMP_MASKED_EQ" && one.index === 2 && (one.datum & mask) !== (one.mask & mask),
        ),
    )
  );
}

function chunked(names: readonly string[]): readonly (readonly string[])[] {
  return names.flatMap((_, at) => (at % 10 === 0 ? [names.slice(at, at + 10)] : []));
}
