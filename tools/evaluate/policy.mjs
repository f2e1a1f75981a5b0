// Makes profiles for the tools that price the policy's parts, as generate does without options. They are never wider
// than the newest Docker's default.
import { buildPolicy } from "../../dist/core/policy/index.js";
import { ceilingFor } from "../../dist/core/profile/index.js";
import { isAllowing } from "../../dist/core/seccomp/index.js";
import { defaultPolicy, hostsOf, loadReference } from "../../dist/project/index.js";

export const reference = await loadReference(undefined);

/** The filters of a recording, their hosts and their ceiling. `special`: options that differ from the default. */
export function filtersOf(recording, special = {}) {
  const hosts = hostsOf(recording);
  const arches = hosts.map(({ arch }) => arch);
  const ceiling = ceilingFor(reference.profile, hosts, arches);
  const options = { ...defaultPolicy, ceiling, ceilingName: reference.name, ...special };
  return { hosts, ceiling, filters: buildPolicy(recording, options).filters };
}

/** The names of the calls that a filter allows with at least some arguments. */
export function allowedNames({ syscalls }) {
  const allowed = [...syscalls].filter(([, rules]) => rules.some(({ action }) => isAllowing(action)));
  return new Set(allowed.map(([name]) => name));
}
