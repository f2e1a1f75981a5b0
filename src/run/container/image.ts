import { SeccompGenError } from "../../core/errors/index.ts";
import { capture, cliFailure, type ContainerCli } from "./cli.ts";
import type { RunCommand } from "./run-command.ts";
import { valuesOf } from "./run-options.ts";

/** What the workload's image says of itself (OCI image-spec, config). */
export interface Image {
  /** As the user wrote it. */
  readonly reference: string;
  /** `name@sha256:…` where a registry knows it, else the image's own id `sha256:…`. */
  readonly digest: string;
  readonly architecture: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string;
  /** STOPSIGNAL; empty where the image has none. */
  readonly stopSignal: string;
  /** HEALTHCHECK's test (`["CMD", …]`, `["CMD-SHELL", "…"]`), or undefined where there is none. */
  readonly healthcheck: readonly string[] | undefined;
  /** HEALTHCHECK's interval in milliseconds; undefined: the engine's. */
  readonly healthInterval: number | undefined;
  /** Where VOLUME says that a volume is made. */
  readonly volumes: readonly string[];
}

/**
 * Inspects the image of a run command, pulling it first as `run` itself would (stderr of the pull
 * goes to `progress`).
 */
export async function inspectImage(run: RunCommand, progress: (line: string) => void): Promise<Image> {
  const policy = valuesOf(run.options, "pull").at(-1);
  const platform = valuesOf(run.options, "platform").at(-1);
  let inspected = policy === "always" ? undefined : await tryInspect(run.cli, run.image);
  if (inspected === undefined && policy !== "never") {
    progress(`pulling ${run.image}`);
    const pulled = await capture(run.cli, [
      "pull",
      ...(platform === undefined ? [] : ["--platform", platform]),
      run.image,
    ]);
    if (pulled.exitCode !== 0) throw imageProblem(run, pulled.stderr);
    inspected = await tryInspect(run.cli, run.image);
  }
  if (inspected === undefined)
    throw new SeccompGenError({
      code: "no-image",
      image: run.image,
      detail: "not present, and --pull never forbids pulling it",
    });
  return readImage(run.image, inspected);
}

function imageProblem(run: RunCommand, stderr: string): SeccompGenError {
  const failure = cliFailure(run.cli, `pulling ${run.image}`, stderr);
  return failure.problem.code === "container-cli-failed"
    ? new SeccompGenError({ code: "no-image", image: run.image, detail: failure.problem.detail })
    : failure;
}

async function tryInspect(cli: ContainerCli, image: string): Promise<unknown> {
  const { exitCode, stdout, stderr } = await capture(cli, ["image", "inspect", image]);
  if (exitCode === 0) return (JSON.parse(stdout) as unknown[])[0];
  if (/no such image|image not known|not found/i.test(stderr)) return undefined;
  throw cliFailure(cli, `inspecting image ${image}`, stderr);
}

/** The parts of `image inspect` that docker and podman share. */
interface InspectedImage {
  readonly Id: string;
  readonly RepoDigests?: readonly string[] | null;
  readonly Architecture: string;
  readonly Config?: {
    readonly Entrypoint?: readonly string[] | string | null;
    readonly Cmd?: readonly string[] | string | null;
    readonly User?: string;
    readonly StopSignal?: string;
    readonly Volumes?: Readonly<Record<string, unknown>> | null;
    readonly Healthcheck?: InspectedHealthcheck | null;
  } | null;
  /** podman puts it beside Config. */
  readonly Healthcheck?: InspectedHealthcheck | null;
}

interface InspectedHealthcheck {
  readonly Test?: readonly string[] | null;
  /** In nanoseconds. */
  readonly Interval?: number;
}

function readImage(reference: string, inspected: unknown): Image {
  const image = inspected as InspectedImage;
  const check = image.Config?.Healthcheck ?? image.Healthcheck;
  const test = check?.Test ?? [];
  return {
    reference,
    digest:
      [...(image.RepoDigests ?? [])].sort()[0] ?? (image.Id.startsWith("sha256:") ? image.Id : `sha256:${image.Id}`),
    architecture: image.Architecture,
    entrypoint: words(image.Config?.Entrypoint),
    command: words(image.Config?.Cmd),
    user: image.Config?.User ?? "",
    stopSignal: image.Config?.StopSignal ?? "",
    healthcheck: test.length === 0 || test[0] === "NONE" ? undefined : test,
    healthInterval: check?.Interval === undefined || check.Interval === 0 ? undefined : check.Interval / 1e6,
    volumes: Object.keys(image.Config?.Volumes ?? {}),
  };
}

function words(value: readonly string[] | string | null | undefined): readonly string[] {
  if (value === null || value === undefined) return [];
  return typeof value === "string" ? ["/bin/sh", "-c", value] : value;
}

/**
 * The process a run command starts: entrypoint and command from flags or image (docker run
 * reference: `--entrypoint` replaces the image's entrypoint and drops its command; `--entrypoint
 * ""` resets it).
 */
export function startedProcess(run: RunCommand, image: Image): readonly string[] {
  const flag = valuesOf(run.options, "entrypoint").at(-1);
  const process =
    flag === undefined
      ? [...image.entrypoint, ...(run.command.length > 0 ? run.command : image.command)]
      : [...entrypointWords(flag), ...run.command];
  if (process.length === 0) throw new SeccompGenError({ code: "no-command", image: run.image });
  return process;
}

/** podman reads `--entrypoint '["a","b"]'` as JSON; docker takes the whole value as one program. */
function entrypointWords(flag: string): readonly string[] {
  if (flag === "") return [];
  if (!flag.startsWith("[")) return [flag];
  try {
    const parsed: unknown = JSON.parse(flag);
    return Array.isArray(parsed) && parsed.every((word) => typeof word === "string") ? parsed : [flag];
  } catch {
    return [flag];
  }
}
