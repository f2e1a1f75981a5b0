import type { Run } from "../../core/recording/index.ts";
import { allCapabilities, symbolValue } from "../../core/tables/index.ts";
import type { Engine } from "../container/index.ts";
import { isSeccomp, member, textOf, wordsOf, type Document, type InspectedImage } from "../gateway/index.ts";
import type { Hello } from "../keeper/index.ts";

/**
 * Members of `HostConfig` whose values bear on what seccomp filter the workload needs and hold none
 * of its data, as `docker run` calls them.
 */
const keptTexts = [
  ["PidMode", "pid"],
  ["IpcMode", "ipc"],
  ["UsernsMode", "userns"],
  ["UTSMode", "uts"],
  ["CgroupnsMode", "cgroupns"],
  ["Runtime", "runtime"],
] as const;

const keptFlags = [
  ["AutoRemove", "rm"],
  ["Init", "init"],
  ["Privileged", "privileged"],
  ["ReadonlyRootfs", "read-only"],
] as const;

/**
 * The command as a recording keeps it: what bears on seccomp of the body of `containers/create`, in
 * the words of `docker run`. No image, no arguments, no environment.
 */
export function redactedSpec(tool: string, spec: Document): readonly string[] {
  const host = member(spec, "HostConfig");
  const options = [
    ...keptFlags.flatMap(([name, option]) => (member(host, name) === true ? [`--${option}`] : [])),
    ...keptTexts.flatMap(([name, option]) =>
      isTold(textOf(member(host, name))) ? [`--${option}=${textOf(member(host, name))}`] : [],
    ),
    ...(wordsOf(member(host, "CapAdd")) ?? []).map((name) => `--cap-add=${name}`),
    ...(wordsOf(member(host, "CapDrop")) ?? []).map((name) => `--cap-drop=${name}`),
    ...(wordsOf(member(host, "SecurityOpt")) ?? []).map((option) => `--security-opt=${securityOption(option)}`),
  ];
  return [tool, "run", ...options.sort(), "IMAGE", ...((wordsOf(member(spec, "Cmd")) ?? []).length > 0 ? ["…"] : [])];
}

/** What Docker gives by itself is not worth saying; another container's name is the user's. */
function isTold(value: string): boolean {
  return (
    value !== "" &&
    value !== "private" &&
    value !== "shareable" &&
    value !== "default" &&
    !value.startsWith("container:")
  );
}

function securityOption(value: string): string {
  return value.startsWith("no-new-privileges")
    ? value
    : isSeccomp(value)
      ? "seccomp=…"
      : `${/^[a-z-]*/.exec(value)?.[0] ?? ""}=…`;
}

/** How one container ended, as far as a recording keeps it. */
export interface ContainerEnd {
  readonly exitCode: number | undefined;
  readonly stopped: boolean;
  readonly strace: string | undefined;
}

/**
 * What a recording says of a run. Capabilities and no-new-privileges are the kernel's own words of
 * the process that was held.
 */
export function specFacts(
  spec: Document,
  image: InspectedImage,
  engine: Engine & { readonly tool: string },
  hello: Hello | undefined,
  end: ContainerEnd,
): Run {
  const host = member(spec, "HostConfig");
  const runtime = textOf(member(host, "Runtime")) || engine.defaultRuntime;
  const isOwnPids = textOf(member(host, "PidMode")) === "";
  return {
    source: "container",
    command: redactedSpec(engine.tool, spec),
    image: { reference: image.reference, digest: digestOf(image.document) },
    versions: {
      ...(end.strace === undefined ? {} : { strace: end.strace }),
      engine: shortVersion(engine.version),
      ...(runtime === undefined
        ? {}
        : { runtime: [runtime, shortVersion(engine.runtimeVersions.get(runtime) ?? "")].join(" ").trim() }),
      ...(engine.kernel === undefined ? {} : { kernel: /^\d+\.\d+/.exec(engine.kernel)?.[0] ?? engine.kernel }),
    },
    ...(hello === undefined
      ? {}
      : { capabilities: capabilitiesIn(hello.capabilities), noNewPrivileges: hello.noNewPrivileges }),
    // The first process of its namespace is somebody else: an init of the engine's, by option or by
    // the engine's configuration.
    ...(member(host, "Init") === true || (hello !== undefined && isOwnPids && hello.inContainer !== 1)
      ? { init: true as const }
      : {}),
    ended: end.stopped ? "stopped" : end.exitCode === 137 ? "cut" : "exited",
  };
}

/** The names of a set as /proc/PID/status writes it (capabilities(7)), sorted. */
export function capabilitiesIn(set: bigint): readonly string[] {
  return allCapabilities.filter((name) => ((set >> (symbolValue("", 0, name) ?? 64n)) & 1n) === 1n);
}

function digestOf(image: Document): string {
  const id = textOf(member(image, "Id"));
  return (
    [...(wordsOf(member(image, "RepoDigests")) ?? [])].sort()[0] ?? (id.startsWith("sha256:") ? id : `sha256:${id}`)
  );
}

/** `20.10.24+dfsg1` → `20.10.24`: a distribution's rebuild is the same engine. */
function shortVersion(version: string): string {
  return /^v?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? version;
}
