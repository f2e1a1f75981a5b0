import { nearest, type DockerCondition, type DockerProfile } from "../profile/index.ts";
import { allArchitectures, allCapabilities, compareVersions, dockerArch, nativeArch } from "../tables/index.ts";
import type { Finding, NeverCause } from "./types.ts";

const arches: readonly string[] = allArchitectures.map(dockerArch);

/** Groups that apply on no host, and exceptions that hold on none. */
export function neverApplies({ syscalls }: DockerProfile): readonly Finding[] {
  return syscalls.flatMap(({ names, includes = {}, excludes = {} }, at) => {
    const say = (side: "includes" | "excludes", cause: NeverCause): Finding => {
      const pointer = `/syscalls/${at}/${side}/${cause.of}`;
      return { kind: "never-applies", severity: "warning", pointer, names, side, cause };
    };
    return [
      ...unknownNames(includes).map((cause) => say("includes", cause)),
      ...unknownNames(excludes).map((cause) => say("excludes", cause)),
      ...contradictions(includes, excludes).map((cause) => say("includes", cause)),
      ...everyKernel(excludes).map((cause) => say("excludes", cause)),
    ];
  });
}

/** Engines compare the names letter by letter. */
function unknownNames({ caps = [], arches: listed = [] }: DockerCondition): readonly NeverCause[] {
  return [
    ...caps
      .filter((name) => !allCapabilities.includes(name))
      .map((name): NeverCause => {
        const upper = name.toUpperCase();
        const meant = [upper, `CAP_${upper}`].find((known) => allCapabilities.includes(known));
        return unknown("caps", name, meant ?? nearest(name, allCapabilities));
      }),
    ...listed
      .filter((name) => !arches.includes(name))
      .map((name): NeverCause => {
        const known = nativeArch(name);
        return unknown("arches", name, known === undefined ? nearest(name, arches) : dockerArch(known));
      }),
  ];
}

function unknown(of: "caps" | "arches", name: string, meant: string | undefined): NeverCause {
  return { type: "unknown-name", of, name, ...(meant === undefined ? {} : { meant }) };
}

function contradictions(includes: DockerCondition, excludes: DockerCondition): readonly NeverCause[] {
  const both = (of: "caps" | "arches"): readonly string[] =>
    (includes[of] ?? []).filter((name) => excludes[of]?.includes(name) ?? false);
  // One excluded capability is enough to drop the group. One included architecture that is not excluded is enough to
  // keep it.
  const everyArch = both("arches").length > 0 && both("arches").length === includes.arches?.length;
  const [from = "", below = ""] = [includes.minKernel, excludes.minKernel];
  return [
    ...both("caps").map((name): NeverCause => ({ type: "contradiction", of: "caps", name })),
    ...(everyArch ? both("arches") : []).map((name): NeverCause => ({ type: "contradiction", of: "arches", name })),
    ...(from !== "" && below !== "" && compareVersions(from, below) >= 0
      ? [{ type: "contradiction", of: "minKernel", name: from } as const]
      : []),
  ];
}

/** The first kernel with seccomp filters (prctl(2)). No engine that uses them runs on an older one. */
const firstKernel = "3.5";

function everyKernel({ minKernel }: DockerCondition): readonly NeverCause[] {
  if (minKernel === undefined || compareVersions(minKernel, firstKernel) > 0) return [];
  return [{ type: "every-kernel", of: "minKernel", name: minKernel }];
}
