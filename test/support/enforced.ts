import { emitDocker } from "../../src/core/emitter/index.ts";
import type { Policy } from "../../src/core/policy/index.ts";
import { readProfile, resolve, type HostContext } from "../../src/core/profile/index.ts";
import type { Filter } from "../../src/core/seccomp/index.ts";

const filters = new WeakMap<Policy, Filter>();

/** The filter that runc makes of a policy's text on this host. A test asks one host only. */
export function enforced(policy: Policy, host: HostContext): Filter {
  const filter =
    filters.get(policy) ?? resolve(readProfile(emitDocker(policy), "profile"), host).filters.get(host.arch);
  if (filter === undefined) throw new Error(`no filter for ${host.arch}`);
  filters.set(policy, filter);
  return filter;
}
