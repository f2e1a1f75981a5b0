import { resolveFor, stringifyProfile, withAllowed, type HostContext } from "../../core/profile/index.ts";
import { isAllowing, type Filter } from "../../core/seccomp/index.ts";
import { loadVersion } from "./reference.ts";

/**
 * Docker's default with these calls allowed too, as text. A workload that needs more than the default is recorded and
 * compared under it. `undefined` if the default allows them all.
 */
export async function defaultAllowing(
  names: readonly string[],
  version: string | undefined,
  host: HostContext,
): Promise<string | undefined> {
  const { profile } = await loadVersion(version);
  const filter = resolveFor(profile, [host]).get(host.arch);
  const beyond = names.filter((name) => filter !== undefined && !allowsAll(filter, name));
  if (beyond.length === 0) return undefined;
  return stringifyProfile(withAllowed(profile, new Map(beyond.map((name) => [name, [{ conditions: [] }]]))));
}

/** Calls that the filter allows with any arguments. */
export function allowedNames(filter: Filter): readonly string[] {
  return [...filter.syscalls.keys()].filter((name) => allowsAll(filter, name));
}

function allowsAll({ syscalls, defaultAction }: Filter, name: string): boolean {
  const rules = syscalls.get(name);
  if (rules === undefined) return isAllowing(defaultAction);
  return rules.some(({ action, rule }) => isAllowing(action) && rule.conditions.length === 0);
}
