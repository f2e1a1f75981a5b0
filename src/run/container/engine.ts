import { SeccompGenError } from "../../core/errors/index.ts";
import { capture, cliFailure, type ContainerCli } from "./cli.ts";

/**
 * Facts of the engine behind the CLI. Versions are as the engine prints them; unknown parts are
 * undefined.
 */
export interface Engine {
  readonly version: string;
  readonly kernel: string | undefined;
  /** As the engine names it: `x86_64`, `aarch64`. */
  readonly architecture: string;
  readonly defaultRuntime: string | undefined;
  readonly runtimeVersions: ReadonlyMap<string, string>;
  /** The engine starts every container with no-new-privileges. */
  readonly noNewPrivileges: boolean;
  /** The engine was told to use another default profile than the built-in one. */
  readonly seccompProfile: string | undefined;
}

/** Asks the engine for its facts; throws `no-engine` or `engine-permission` where none answers. */
export async function inspectEngine(cli: ContainerCli): Promise<Engine> {
  return cli.tool === "podman" ? inspectPodman(cli) : inspectDocker(cli);
}

interface DockerVersion {
  readonly Server?: {
    readonly Version?: string;
    readonly KernelVersion?: string;
    readonly Arch?: string;
    readonly Components?: readonly { readonly Name: string; readonly Version: string }[] | null;
  } | null;
}

interface DockerInfo {
  readonly DefaultRuntime?: string;
  readonly Architecture?: string;
  readonly SecurityOptions?: readonly string[] | null;
}

async function inspectDocker(cli: ContainerCli): Promise<Engine> {
  const [version, info] = await Promise.all([
    capture(cli, ["version", "--format", "{{json .}}"]),
    capture(cli, ["info", "--format", "{{json .}}"]),
  ]);
  if (version.exitCode !== 0) throw cliFailure(cli, "asking for the engine's version", version.stderr);
  const server = (JSON.parse(version.stdout) as DockerVersion).Server;
  if (server?.Version === undefined)
    throw new SeccompGenError({ code: "no-engine", tool: cli.tool, detail: "the client has no server" });
  const facts = info.exitCode === 0 ? (JSON.parse(info.stdout) as DockerInfo) : {};
  const security = facts.SecurityOptions ?? [];
  const profile = security
    .map((option) => /^name=seccomp,profile=(.*)$/.exec(option)?.[1])
    .find((found) => found !== undefined);
  return {
    version: server.Version,
    kernel: server.KernelVersion,
    architecture: facts.Architecture ?? server.Arch ?? "",
    defaultRuntime: facts.DefaultRuntime,
    runtimeVersions: new Map((server.Components ?? []).map((component) => [component.Name, component.Version])),
    noNewPrivileges: security.includes("name=no-new-privileges"),
    seccompProfile: profile === undefined || profile === "default" || profile === "builtin" ? undefined : profile,
  };
}

interface PodmanInfo {
  readonly host: {
    readonly arch: string;
    readonly kernel: string;
    readonly ociRuntime?: { readonly name: string; readonly version: string };
  };
  readonly version: { readonly Version: string };
}

async function inspectPodman(cli: ContainerCli): Promise<Engine> {
  const { exitCode, stdout, stderr } = await capture(cli, ["info", "--format", "json"]);
  if (exitCode !== 0) throw cliFailure(cli, "asking podman for its facts", stderr);
  const { host, version } = JSON.parse(stdout) as PodmanInfo;
  const runtime = host.ociRuntime;
  return {
    version: version.Version,
    kernel: host.kernel,
    architecture: host.arch,
    defaultRuntime: runtime?.name,
    runtimeVersions: new Map(
      runtime === undefined ? [] : [[runtime.name, /version (\S+)/.exec(runtime.version)?.[1] ?? runtime.version]],
    ),
    noNewPrivileges: false,
    seccompProfile: undefined,
  };
}
