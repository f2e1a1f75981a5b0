import { withAllowed, type DockerProfile } from "../../core/profile/index.ts";
import { allowsSome, answersOf, type Action, type Filter } from "../../core/seccomp/index.ts";
import { syscallNames } from "../../core/tables/index.ts";
import { holderNeeds, straceNeeds, type TracerPlace } from "../tracer/index.ts";

/** strace shows this many bytes of a string: enough for an error message. */
const stringLength = "160";

/**
 * A profile that strace can work under, and the options with which strace denies the workload what
 * the profile denied.
 */
export interface Confined {
  readonly profile: DockerProfile | undefined;
  readonly strace: readonly string[];
}

/**
 * The workload is traced under its profile and what the tracer needs in the container beside:
 * strace itself, or the program that waits for it. What the profile denies of these calls, strace
 * denies in its stead (`-e inject`, strace(1)), for the workload alone; so the workload sees every
 * call denied that the profile denies, with the same errno, and goes on as it would.
 */
export function confine(profile: DockerProfile, filter: Filter, tracer: TracerPlace): Confined {
  const denied = (tracer === "sidecar" ? holderNeeds : straceNeeds).filter((name) => isDenied(filter, name));
  return {
    profile: withAllowed(profile, new Map(denied.map((name) => [name, [{ conditions: [] }]]))),
    strace: ["-s", stringLength, ...injections(denied, filter)],
  };
}

/**
 * Where strace can run. What strace denies, it also denies to the held program, which cannot open
 * the gate without openat and would wait for ever.
 */
export function tracerPlace(filter: Filter): TracerPlace {
  return isDenied(filter, "openat") ? "inside" : "sidecar";
}

function isDenied(filter: Filter, name: string): boolean {
  return !allowsSome(filter, name);
}

/**
 * For a profile under which strace does not start even so: Docker's default, and strace denies
 * every call that the profile denies whatever its arguments are.
 */
export function confineByStrace(filter: Filter): Confined {
  const denied = syscallNames(filter.arch).filter((name) => name !== "execve" && isDenied(filter, name));
  return { profile: undefined, strace: ["-s", stringLength, ...injections(denied, filter)] };
}

/**
 * Calls that keep strace 6.1 busy for ever if it denies them. They are allowed while tracing, and
 * found by running the workload.
 */
const neverInjected: ReadonlySet<string> = new Set(["mmap"]);

function injections(names: readonly string[], filter: Filter): readonly string[] {
  const byFault = new Map<string, string[]>();
  for (const name of names.filter((candidate) => !neverInjected.has(candidate))) {
    const [answer] = answersOf(filter, name);
    if (answer === undefined) continue;
    const fault = faultOf(answer);
    byFault.set(fault, [...(byFault.get(fault) ?? []), `?${name}`]);
  }
  return [...byFault].flatMap(([fault, some]) => ["-e", `inject=${some.join(",")}:${fault}`]);
}

/** An action that kills or traps becomes a SIGSYS to the program. */
function faultOf(action: Action): string {
  return "errnoRet" in action ? `error=${Math.max(action.errnoRet, 1)}` : "error=ENOSYS:signal=SIGSYS";
}
