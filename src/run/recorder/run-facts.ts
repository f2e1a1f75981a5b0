import type { Run } from "../../core/recording/index.ts";
import {
  isOn,
  redactedCommand,
  securityContext,
  valuesOf,
  type Engine,
  type Image,
  type RunCommand,
} from "../container/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import { allCapabilities, defaultCapabilities, nativeArch, type ScmpArch } from "../../core/tables/index.ts";

/** What a recording keeps of how a run was traced and how it ended. */
export interface RunEnd extends Pick<Run, "ended"> {
  /** Version of the strace that traced it; `undefined` if that is not known. */
  readonly strace: string | undefined;
}

/** The machine whose calls the container makes. Throws if the image is for another one. */
export function architectureOf(engine: Engine, image: Image): ScmpArch {
  const arch = nativeArch(engine.architecture);
  if (arch === undefined)
    throw new SeccompGenError({ code: "architecture", detail: `the engine runs on ${engine.architecture}` });
  const imageArch = nativeArch(image.architecture);
  if (
    image.architecture !== "" &&
    imageArch !== arch &&
    !(arch === "SCMP_ARCH_X86_64" && image.architecture === "386")
  ) {
    throw new SeccompGenError({
      code: "architecture",
      detail:
        `the image is for ${image.architecture}, the engine runs on ${engine.architecture}; an emulated ` +
        "program cannot be traced",
    });
  }
  return arch;
}

/** What a recording says of a run. */
export function runFacts(
  run: RunCommand,
  image: Image,
  engine: Engine,
  end: RunEnd,
  source: "container" | "verify" = "container",
): Run {
  const security = securityContext(run, {
    all: allCapabilities,
    granted: defaultCapabilities,
    noNewPrivileges: engine.noNewPrivileges,
  });
  const runtime = valuesOf(run.options, "runtime").at(-1) ?? engine.defaultRuntime;
  return {
    source,
    command: redactedCommand(run),
    image: { reference: image.reference, digest: image.digest },
    versions: {
      ...stated("strace", end.strace),
      ...stated("engine", engine.version),
      ...(runtime === undefined ? {} : { runtime: runtimeName(runtime, engine.runtimeVersions.get(runtime)) }),
      ...stated("kernel", engine.kernel === undefined ? undefined : /^\d+\.\d+/.exec(engine.kernel)?.[0]),
    },
    capabilities: security.capabilities,
    noNewPrivileges: security.noNewPrivileges,
    ...(isOn(run.options, "init") ? { init: true as const } : {}),
    ended: end.ended,
  };
}

/** A version as recordings hold it; nothing if it has no digits. */
export function stated<Part extends string>(
  part: Part,
  version: string | undefined,
): { readonly [part in Part]?: string } {
  const digits = shortVersion(version);
  return digits === undefined ? {} : ({ [part]: digits } as { readonly [part in Part]: string });
}

/** `runc 1.1.5`; of a runtime with a path, or another name that recordings do not hold, what fits. */
function runtimeName(name: string, version: string | undefined): string {
  const kept = name.replace(/[^A-Za-z0-9._/-]/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return [kept === "" ? "unknown" : kept, shortVersion(version) ?? ""].join(" ").trim();
}

/** `20.10.24+dfsg1` → `20.10.24`: a distribution's rebuild is the same engine. */
function shortVersion(version: string | undefined): string | undefined {
  return version === undefined ? undefined : /^v?(\d+(?:\.\d+)*)/.exec(version)?.[1];
}
