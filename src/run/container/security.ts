import { boundingSet } from "../../core/profile/index.ts";
import type { RunCommand } from "./run-command.ts";
import { isOn, valuesOf } from "./run-options.ts";

/** What of a run command bears on seccomp. */
export interface SecurityContext {
  /** The bounding set the container gets, sorted. */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly privileged: boolean;
}

/**
 * Reads capabilities and no-new-privileges off the options, as the engine will apply them (docker
 * run reference, "Runtime privilege and Linux capabilities").
 */
export function securityContext(
  run: RunCommand,
  defaults: { readonly all: readonly string[]; readonly granted: readonly string[]; readonly noNewPrivileges: boolean },
): SecurityContext {
  const privileged = isOn(run.options, "privileged");
  return {
    capabilities: privileged
      ? [...defaults.all].sort()
      : boundingSet({ added: valuesOf(run.options, "cap-add"), dropped: valuesOf(run.options, "cap-drop") }, defaults),
    noNewPrivileges:
      noNewPrivileges(valuesOf(run.options, "security-opt")) ?? (defaults.noNewPrivileges && !privileged),
    privileged,
  };
}

function noNewPrivileges(securityOptions: readonly string[]): boolean | undefined {
  const said = securityOptions
    .map((value) => /^no-new-privileges(?:[=:](.*))?$/.exec(value))
    .findLast((match) => match !== null);
  return said === undefined || said === null ? undefined : said[1] !== "false";
}
