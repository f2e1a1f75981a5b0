import { arch as machine } from "node:os";
import { boundingSet, machinesOf, nearest, type DockerProfile, type HostContext } from "../../core/profile/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import {
  allCapabilities,
  defaultCapabilities,
  dockerArch,
  engineArches,
  hostArch,
  nativeArch,
  type ScmpArch,
} from "../../core/tables/index.ts";
import { escapeLine } from "../../core/text/index.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The host for which profiles are resolved. */
export interface HostOptions {
  /** Capabilities the container has, beside Docker's default ones. */
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly arch: string | undefined;
  readonly kernel: string | undefined;
  /** `old-runc`: runc before 1.0.2, under a Docker before 23. */
  readonly runtime: "runc" | "crun" | "old-runc";
}

/**
 * The host that the options describe. Profiles that list only architectures of other machines are judged for the first
 * of those, unless `--arch` names one.
 */
export function hostOf(options: HostOptions, profiles: readonly DockerProfile[] = []): HostContext {
  for (const name of [...options.capAdd, ...options.capDrop].flatMap((value) => value.split(",")))
    checkCapability(name);
  const capabilities = boundingSet(
    { added: options.capAdd, dropped: options.capDrop },
    { all: allCapabilities, granted: defaultCapabilities },
  );
  return {
    arch: options.arch === undefined ? machineFor(profiles) : archOf(options.arch),
    capabilities: new Set(capabilities),
    kernel: options.kernel,
    ...runtimeOf(options.runtime),
  };
}

/** Docker also refuses names that are no capabilities. */
function checkCapability(name: string): void {
  const full = `CAP_${name.toUpperCase().replace(/^CAP_/, "")}`;
  if (full === "CAP_ALL" || allCapabilities.includes(full)) return;
  const meant = allCapabilities.find((known) => known.startsWith(full)) ?? nearest(full, allCapabilities);
  throw new SeccompGenError({
    code: "usage",
    what: `there is no capability ${name}`,
    todo: meant === undefined ? "Names are those of capabilities(7), such as NET_ADMIN." : `Did you mean ${meant}?`,
  });
}

/** This machine, if one of the profiles is for it or for all. */
function machineFor(profiles: readonly DockerProfile[]): ScmpArch {
  const own = archOf(undefined);
  const machines = profiles.map((profile) => machinesOf(profile).map((arch) => hostArch(arch, engineArches)));
  return machines.some((each) => each.includes(own)) ? own : (machines[0]?.[0] ?? own);
}

/** Says so if a profile is judged for another machine than this one. */
export function noteOtherMachine(
  file: string,
  options: HostOptions,
  { arch }: HostContext,
  { note }: Pick<Terminal, "note">,
): void {
  if (options.arch !== undefined || arch === archOf(undefined)) return;
  const machine = dockerArch(arch);
  note(
    escapeLine(
      `${file}: judged for ${machine}, because it lists no architecture of this machine; --arch judges for another`,
    ),
  );
}

/** How a runtime, and the engine with which it comes, reads a profile. */
export function runtimeOf(
  runtime: HostOptions["runtime"],
): Pick<HostContext, "runtime" | "ignoresDefaultErrnoRet" | "refusesDefaultsAnswer"> {
  return runtime === "old-runc"
    ? { runtime: "runc", ignoresDefaultErrnoRet: true, refusesDefaultsAnswer: true }
    : { runtime };
}

/** The architecture of `--arch` (by its name in uname, Docker or libseccomp), or else of this machine. */
export function archOf(option: string | undefined): ScmpArch {
  const arch = nativeArch(option ?? machine());
  if (arch !== undefined) return arch;
  const known = (
    ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64", "SCMP_ARCH_RISCV64", "SCMP_ARCH_S390X", "SCMP_ARCH_PPC64LE"] as const
  ).map(dockerArch);
  throw new SeccompGenError({
    code: "usage",
    what: `unknown architecture ${option ?? machine()}`,
    todo: `Known architectures (--arch): ${known.join(", ")}.`,
  });
}
