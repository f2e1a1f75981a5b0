import { folded } from "./members.ts";
import type { ParsedDocument } from "./json.ts";
import type { Json, NoFilter } from "./types.ts";

/**
 * Would Docker, podman and containerd run a container without any filter under this document? All three decode it into
 * a struct (moby and containers-common `seccomp.LoadProfile`, containerd `contrib/seccomp`) and skip unknown members.
 * To them, a document with neither a default action nor groups switches seccomp off. Docker first drops the groups that
 * do not apply, and then runc asks the same question. Measured: test/core/profile/enforcement.test.ts.
 */
export function runsWithoutFilter({ value, isNull, members }: ParsedDocument): NoFilter | undefined {
  if (isNull) return { kind: "null", pointer: "" };
  if (!isObject(value)) return undefined; // engines refuse it
  // Go assigns members in the document's order, so the last of several equal names counts. A null leaves a string
  // unchanged and empties a list.
  let defaultAction: Json = "";
  let groups: Json = [];
  for (const [name, member] of members) {
    if (folded(name) === "defaultaction" && member !== null) defaultAction = member;
    else if (folded(name) === "syscalls") groups = member ?? [];
  }
  if (defaultAction !== "" || !Array.isArray(groups)) return undefined;
  if (groups.length > 0)
    return (groups as readonly Json[]).every(isConditional) ? { kind: "conditional", pointer: "" } : undefined;
  const inside = wrappedAt(value);
  if (inside !== undefined) return { kind: "wrapped", pointer: inside };
  return { kind: members.length === 0 ? "empty" : "no-rules", pointer: "" };
}

/** The message about a profile under which engines run without a filter. */
export function noFilterText({ kind, pointer }: NoFilter): string {
  if (kind === "conditional")
    return (
      "NO FILTER AT ALL: Docker runs the container without seccomp where none of its groups applies, " +
      "because the document has no defaultAction"
    );
  const because = {
    null: "the document is null",
    empty: "the document is empty",
    wrapped: `the profile is at ${pointer}, and they look for it in the document itself`,
    "no-rules": "the document has neither a defaultAction nor groups of syscalls",
  } as const;
  return (
    `NO FILTER AT ALL: Docker, podman and containerd run the container without seccomp, because ` + `${because[kind]}`
  );
}

/** The pointer of a profile one or two levels inside the document, where engines do not look. */
function wrappedAt(document: { readonly [name: string]: Json }): string | undefined {
  for (const [name, member] of Object.entries(document)) {
    if (holdsProfile(member)) return `/${escaped(name)}`;
    if (!isObject(member)) continue;
    for (const [inner, value] of Object.entries(member))
      if (holdsProfile(value)) return `/${escaped(name)}/${escaped(inner)}`;
  }
  return undefined;
}

function holdsProfile(value: Json): boolean {
  return isObject(value) && Object.keys(value).some((name) => folded(name) === "defaultaction");
}

/** Is it a group that some hosts drop? If a host drops all groups, the container has no rules. */
function isConditional(group: Json): boolean {
  if (!isObject(group)) return false;
  return Object.entries(group).some(
    ([name, value]) =>
      ["includes", "excludes"].includes(folded(name)) && isObject(value) && Object.keys(value).length > 0,
  );
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
