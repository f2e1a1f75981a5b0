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
      ...(end.strace === undefined ? {} : { strace: end.strace }),
      engine: shortVersion(engine.version),
      ...(runtime === undefined
        ? {}
        : { runtime: [runtime, shortVersion(engine.runtimeVersions.get(runtime) ?? "")].join(" ").trim() }),
      ...(engine.kernel === undefined ? {} : { kernel: /^\d+\.\d+/.exec(engine.kernel)?.[0] ?? engine.kernel }),
    },
    capabilities: security.capabilities,
    noNewPrivileges: security.noNewPrivileges,
    ...(isOn(run.options, "init") ? { init: true as const } : {}),
    ended: end.ended,
  };
}

/** `20.10.24+dfsg1` → `20.10.24`: a distribution's rebuild is the same engine. */
function shortVersion(version: string): string {
  return /^v?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? version;
}
