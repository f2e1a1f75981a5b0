import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { capture, type ContainerCli } from "../container/index.ts";
import { packageFolder } from "../../project/index.ts";
import { holderSource, importHostStrace, knownArgumentsSource } from "./host-bundle.ts";

/** The tracer as an image. The first container that mounts its volume fills the volume from it. */
export interface TracerBundle {
  readonly image: string;
  /** Named after the image's id, so that each image has a volume of its own. */
  readonly volume: string;
}

/** What the tracer image is built from, as paths in this package. */
const sources = ["Dockerfile.trace", holderSource, knownArgumentsSource] as const;

/**
 * Builds the tracer image from Dockerfile.trace, once per content of that file. If it cannot be
 * built (no network), packs this host's strace instead and says so.
 */
export async function ensureTracer(
  cli: ContainerCli,
  architecture: string,
  notice: (line: string) => void,
): Promise<TracerBundle> {
  const content = await Promise.all(sources.map((path) => readFile(join(packageFolder, path))));
  const version = createHash("sha256").update(Buffer.concat(content)).digest("hex").slice(0, 12);
  const image = `seccomp-gen-tracer:${version}`;
  const hostImage = `seccomp-gen-tracer:host-${version}`;
  const known = await imageId(cli, image);
  if (known !== undefined) return bundle(image, known);
  // An image that could not be built before is not tried again each time.
  const earlier = await imageId(cli, hostImage);
  if (earlier !== undefined) {
    notice(
      `using the strace that was packed from this host (${cli.tool} rmi ${hostImage} to build the ` +
        "tracer image instead)",
    );
    return bundle(hostImage, earlier);
  }
  const built = await build(cli, image, notice);
  if (built !== undefined) return bundle(image, built);
  const imported = await importHostStrace(cli, hostImage, architecture);
  notice(`the tracer image could not be built; using this host's strace instead (${imported.version})`);
  return bundle(hostImage, imported.id);
}

function bundle(image: string, id: string): TracerBundle {
  return { image, volume: `seccomp-gen-tracer-${id.replace("sha256:", "").slice(0, 12)}` };
}

/** An image's id; `undefined` if the engine has no such image. */
async function imageId(cli: ContainerCli, image: string): Promise<string | undefined> {
  const { exitCode, stdout } = await capture(cli, ["image", "inspect", "--format", "{{.Id}}", image]);
  return exitCode === 0 ? stdout : undefined;
}

const buildTimeoutMs = 300_000;

async function build(cli: ContainerCli, image: string, notice: (line: string) => void): Promise<string | undefined> {
  notice("building the tracer image (once; takes up to a minute)");
  const args = ["build", "--network", "host", "--file", sources[0], "-t", image, "-"];
  const { stdout: input } = await execa("tar", ["-C", packageFolder, "-c", ...sources], { encoding: "buffer" });
  const built = await capture(cli, args, { input, timeout: buildTimeoutMs });
  if (built.exitCode === 0) return imageId(cli, image);
  // A docker CLI without its buildx plug-in can still use the engine's classic builder.
  if (/buildx/.test(built.stderr)) {
    const classic = await capture(cli, args, { input, timeout: buildTimeoutMs, env: { DOCKER_BUILDKIT: "0" } });
    if (classic.exitCode === 0) return imageId(cli, image);
  }
  return undefined;
}
