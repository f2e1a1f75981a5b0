import type { RunCommand } from "./run-command.ts";
import { isOn, valuesOf } from "./run-options.ts";

/** What of a run command bears on seccomp. */
export interface SecurityContext {
  /** The bounding set the container gets, sorted. */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly privileged: boolean;
}

/** Reads capabilities and no-new-privileges off the options, as the engine will apply them (docker run reference, "Runtime privilege and Linux capabilities"). */
export function securityContext(run: RunCommand, defaults: { readonly all: readonly string[]; readonly granted: readonly string[]; readonly noNewPrivileges: boolean }): SecurityContext {
  const privileged = isOn(run.options, "privileged");
  return {
    capabilities: privileged ? [...defaults.all].sort() : boundingSet({ added: valuesOf(run.options, "cap-add"), dropped: valuesOf(run.options, "cap-drop") }, defaults),
    noNewPrivileges: noNewPrivileges(valuesOf(run.options, "security-opt")) ?? (defaults.noNewPrivileges && !privileged),
    privileged,
  };
}

/** The capabilities, sorted, that a container has with these --cap-add and --cap-drop: names in any case, with or without CAP_, also several with commas; ALL is all. */
export function boundingSet({ added, dropped }: { readonly added: readonly string[]; readonly dropped: readonly string[] }, defaults: { readonly all: readonly string[]; readonly granted: readonly string[] }): readonly string[] {
  const add = added.flatMap((value) => value.split(",")).map(capabilityName);
  const drop = dropped.flatMap((value) => value.split(",")).map(capabilityName);
  // moby's oci/caps.TweakCapabilities: ALL on one side makes the other side the exception.
  const base = add.includes("ALL") ? defaults.all : drop.includes("ALL") ? [] : defaults.granted;
  const kept = base.filter((name) => !drop.includes(name));
  return [...new Set([...kept, ...add.filter((name) => name !== "ALL")])].sort();
}

function capabilityName(value: string): string {
  const upper = value.toUpperCase();
  return upper === "ALL" || upper === "CAP_ALL" ? "ALL" : upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
}

function noNewPrivileges(securityOptions: readonly string[]): boolean | undefined {
  const said = securityOptions.map((value) => /^no-new-privileges(?:[=:](.*))?$/.exec(value)).findLast((match) => match !== null);
  return said === undefined || said === null ? undefined : said[1] !== "false";
}
