import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { ContainerCli } from "../container/cli.ts";
import { capture } from "../container/cli.ts";
import { importHostStrace } from "./host-bundle.ts";

/** The tracer as an image; its volume is filled from it by the first container that mounts it. */
export interface TracerBundle {
  readonly image: string;
  /** Named after the image's id: another image, another volume. */
  readonly volume: string;
}

const hostImage = "seccomp-gen-tracer:host";
const dockerfile = fileURLToPath(new URL("../../Dockerfile.trace", import.meta.url));

/**
 * Builds the tracer image from Dockerfile.trace, once per content of that file. Where it cannot be built (no network), packs this
 * host's strace instead and says so.
 */
export async function ensureTracer(cli: ContainerCli, architecture: string, notice: (line: string) => void): Promise<TracerBundle> {
  const recipe = await readFile(dockerfile, "utf8");
  const image = `seccomp-gen-tracer:${createHash("sha256").update(recipe).digest("hex").slice(0, 12)}`;
  const known = await imageId(cli, image);
  if (known !== undefined) return bundle(image, known);
  // Where it could not be built once, it is not tried again each time.
  const earlier = await imageId(cli, hostImage);
  if (earlier !== undefined) {
    notice(`using the strace that was packed from this host (${cli.tool} rmi ${hostImage} to build the tracer image instead)`);
    return bundle(hostImage, earlier);
  }
  const built = await build(cli, image, recipe, notice);
  if (built !== undefined) return bundle(image, built);
  const imported = await importHostStrace(cli, hostImage, architecture);
  notice(`the tracer image could not be built; using this host's strace instead (${imported.version})`);
  return bundle(hostImage, imported.id);
}

function bundle(image: string, id: string): TracerBundle {
  return { image, volume: `seccomp-gen-tracer-${id.replace("sha256:", "").slice(0, 12)}` };
}

/** An image's id, or undefined where the engine has no such image. */
async function imageId(cli: ContainerCli, image: string): Promise<string | undefined> {
  const { exitCode, stdout } = await capture(cli, ["image", "inspect", "--format", "{{.Id}}", image]);
  return exitCode === 0 ? stdout : undefined;
}

const buildTimeoutMs = 300_000;

async function build(cli: ContainerCli, image: string, recipe: string, notice: (line: string) => void): Promise<string | undefined> {
  notice("building the tracer image (once; takes up to a minute)");
  const args = ["build", "--network", "host", "-t", image, "-"];
  const built = await capture(cli, args, { input: recipe, timeout: buildTimeoutMs });
  if (built.exitCode === 0) return imageId(cli, image);
  // A docker CLI without its buildx plug-in can still use the engine's classic builder.
  if (/buildx/.test(built.stderr)) {
    const classic = await capture(cli, args, { input: recipe, timeout: buildTimeoutMs, env: { DOCKER_BUILDKIT: "0" } });
    if (classic.exitCode === 0) return imageId(cli, image);
  }
  return undefined;
}
