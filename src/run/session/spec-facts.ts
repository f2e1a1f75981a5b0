import type { Run } from "../../core/recording/index.ts";
import { allCapabilities, defaultCapabilities, symbolValue } from "../../core/tables/index.ts";
import { boundingSet } from "../../core/profile/index.ts";
import type { Engine } from "../container/index.ts";
import { isSeccomp, member, textOf, wordsOf, type Document, type InspectedImage } from "../gateway/index.ts";
import type { Hello } from "../keeper/index.ts";

/**
 * Members of `HostConfig` that affect which filter the workload needs, and that hold none of its data. Each has its
 * option of `docker run` beside it.
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
 * The command as a recording keeps it: the parts of `containers/create` that affect seccomp, as options of `docker
 * run`. It holds no image, arguments or environment.
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

/**
 * Should the recording keep the value? Docker's defaults say nothing, and a container's name is private to the user.
 */
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
 * The facts of a run that a recording keeps. The kernel reports capabilities and no-new-privileges
 * of the held process.
 */
export function specFacts(
  spec: Document,
  image: InspectedImage,
  engine: Engine & { readonly tool: string },
  hello: Hello | undefined,
  end: ContainerEnd,
  source: "container" | "verify" = "container",
): Run {
  const host = member(spec, "HostConfig");
  const runtime = textOf(member(host, "Runtime")) || engine.defaultRuntime;
  const isOwnPids = textOf(member(host, "PidMode")) === "";
  return {
    source,
    command: redactedSpec(engine.tool, spec),
    image: { reference: image.reference, digest: digestOf(image.document) },
    versions: {
      ...stated("strace", end.strace),
      ...stated("engine", engine.version),
      ...(runtime === undefined ? {} : { runtime: runtimeName(runtime, engine.runtimeVersions.get(runtime)) }),
      ...stated("kernel", engine.kernel === undefined ? undefined : /^\d+\.\d+/.exec(engine.kernel)?.[0]),
    },
    ...(hello === undefined
      ? securityOf(spec, engine)
      : { capabilities: capabilitiesIn(hello.capabilities), noNewPrivileges: hello.noNewPrivileges }),
    // Another process is the first of the namespace: an init from an option or from the engine's configuration.
    ...(member(host, "Init") === true || (hello !== undefined && isOwnPids && hello.inContainer !== 1)
      ? { init: true as const }
      : {}),
    ended: end.stopped ? "stopped" : end.exitCode === 137 ? "cut" : "exited",
  };
}

/**
 * The capabilities and no-new-privileges that the engine gives for this request. Used if none of its processes was
 * seen.
 */
function securityOf(spec: Document, engine: Engine): Pick<Run, "capabilities" | "noNewPrivileges"> {
  const host = member(spec, "HostConfig");
  const isPrivileged = member(host, "Privileged") === true;
  const told = (wordsOf(member(host, "SecurityOpt")) ?? [])
    .map((option) => /^no-new-privileges(?:[=:](.*))?$/.exec(option))
    .findLast((match) => match !== null);
  return {
    capabilities: isPrivileged
      ? allCapabilities
      : boundingSet(
          { added: wordsOf(member(host, "CapAdd")) ?? [], dropped: wordsOf(member(host, "CapDrop")) ?? [] },
          { all: allCapabilities, granted: defaultCapabilities },
        ),
    noNewPrivileges:
      told === undefined || told === null ? engine.noNewPrivileges && !isPrivileged : told[1] !== "false",
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

/** A version as recordings hold it. Empty if it has no digits. */
export function stated<Part extends string>(
  part: Part,
  version: string | undefined,
): { readonly [part in Part]?: string } {
  const digits = shortVersion(version);
  return digits === undefined ? {} : ({ [part]: digits } as { readonly [part in Part]: string });
}

/** `runc 1.1.5`. Characters that recordings do not allow in a runtime's name are replaced. */
function runtimeName(name: string, version: string | undefined): string {
  const kept = name.replace(/[^A-Za-z0-9._/-]/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return [kept === "" ? "unknown" : kept, shortVersion(version) ?? ""].join(" ").trim();
}

/** `20.10.24+dfsg1` → `20.10.24`: a distribution's rebuild is the same engine. */
function shortVersion(version: string | undefined): string | undefined {
  return version === undefined ? undefined : /^v?(\d+(?:\.\d+)*)/.exec(version)?.[1];
}
