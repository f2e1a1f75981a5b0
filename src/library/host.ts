import type { HostContext } from "../core/profile/index.ts";
import type { ScmpArch } from "../core/tables/index.ts";
import { hostOf } from "../project/index.ts";
import { checkOptions } from "./options.ts";

/** The host on which a profile's meaning depends: the machine, its runtime, and the container's capabilities. */
export interface Host {
  readonly arch: ScmpArch;
  /** The container's bounding set, sorted: `CAP_CHOWN`, … */
  readonly capabilities: readonly string[];
  /** The kernel's version, such as "6.1". Absent if it is new enough for every rule. */
  readonly kernel?: string;
  readonly runtime: "runc" | "crun";
}

/**
 * A host that runs Docker: this machine's architecture, Docker's default capabilities, runc, and a new kernel, unless
 * `options` say otherwise. `arch` is a name from uname, Docker or libseccomp. Throws SeccompGenError (`usage`) for an
 * unknown architecture, capability or option.
 */
export function dockerHost(
  options: {
    readonly arch?: string;
    /** Written as in `docker run --cap-add`. */
    readonly capAdd?: readonly string[];
    readonly capDrop?: readonly string[];
    readonly kernel?: string;
    readonly runtime?: "runc" | "crun";
  } = {},
): Host {
  checkOptions(options, ["arch", "capAdd", "capDrop", "kernel", "runtime"], "dockerHost");
  const { arch, capAdd = [], capDrop = [], kernel, runtime = "runc" } = options;
  const { capabilities, ...host } = hostOf({ arch, capAdd, capDrop, kernel, runtime });
  return { arch: host.arch, capabilities: [...capabilities], ...(kernel === undefined ? {} : { kernel }), runtime };
}

/** @internal */
export function contextOf({ capabilities, kernel, ...host }: Host): HostContext {
  return { ...host, capabilities: new Set(capabilities), kernel };
}
