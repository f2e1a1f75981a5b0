import { SeccompGenError } from "../../core/errors/index.ts";
import type { Engine } from "../container/index.ts";
import { member, textOf, wordsOf, type Document, type EngineClient } from "../gateway/index.ts";

/** Asks the engine for its facts (moby api, `/version` and `/info`). */
export async function engineFacts(engine: EngineClient): Promise<Engine & { readonly tool: "docker" | "podman" }> {
  const [version, info] = await Promise.all([
    engine.do<Document>("GET", "/version", undefined, "asking for the engine's version"),
    engine.do<Document>("GET", "/info", undefined, "asking for the engine's facts"),
  ]);
  const parts = member(version, "Components");
  const components = (Array.isArray(parts) ? parts : []).map(
    (part) => [textOf(member(part, "Name")), textOf(member(part, "Version"))] as const,
  );
  const podman = components.find(([name]) => name === "Podman Engine")?.[1];
  const security = wordsOf(member(info, "SecurityOptions")) ?? [];
  const profile = security
    .map((option) => /^name=seccomp,profile=(.*)$/.exec(option)?.[1])
    .find((found) => found !== undefined);
  const engineVersion = podman ?? textOf(member(version, "Version"));
  if (engineVersion === "")
    throw new SeccompGenError({
      code: "no-engine",
      tool: "docker",
      detail: "the program that answered is not a container engine",
    });
  return {
    tool: podman === undefined ? "docker" : "podman",
    version: engineVersion,
    kernel: textOf(member(version, "KernelVersion")) || undefined,
    architecture: textOf(member(info, "Architecture")) || textOf(member(version, "Arch")),
    defaultRuntime: textOf(member(info, "DefaultRuntime")) || undefined,
    runtimeVersions: new Map(
      components.map(([name, version]) => [
        /^OCI Runtime \((.*)\)$/.exec(name)?.[1] ?? name,
        /version (\S+)/.exec(version)?.[1] ?? version,
      ]),
    ),
    noNewPrivileges: security.includes("name=no-new-privileges"),
    seccompProfile: profile === undefined || profile === "default" || profile === "builtin" ? undefined : profile,
  };
}
