import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { arch } from "node:os";
import { basename, join } from "node:path";
import { sessionFolder } from "../container/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import { packageFolder } from "../../project/index.ts";
import { nativeArch } from "../../core/tables/index.ts";
import { hostStrace } from "../tracer/index.ts";
import { messageOf, proxyArguments, type EngineClient } from "../gateway/index.ts";

/** The folder of the tracer's files in its image. */
export const tracerFolder = "/.seccomp-gen";

const dockerfile = "Dockerfile.trace";
const sources = ["src/run/keeper/hold.c", "src/run/keeper/keeper.c"] as const;

/**
 * The image of the keeper: holder, keeper, strace and its libraries. It is built once for each content of its sources.
 * If the build fails (no network), this host's strace and compiler make the image, and a notice says so.
 */
export async function ensureKeeperImage(
  engine: EngineClient,
  engineArchitecture: string,
  environment: NodeJS.ProcessEnv,
  notice: (line: string) => void,
): Promise<string> {
  const content = await Promise.all([dockerfile, ...sources].map((path) => readFile(join(packageFolder, path))));
  const version = createHash("sha256").update(Buffer.concat(content)).digest("hex").slice(0, 12);
  const [built, packed] = [`seccomp-gen-tracer:${version}`, `seccomp-gen-tracer:host-${version}`];
  if (await isThere(engine, built)) return built;
  if (await isThere(engine, packed)) {
    notice(`using the strace packed from this host (to build the tracer image instead: docker rmi ${packed})`);
    return packed;
  }
  notice("building the tracer image (once; takes up to a minute)");
  if (await build(engine, built, environment)) return built;
  const strace = await packHost(engine, packed, engineArchitecture);
  notice(`the tracer image could not be built; using this host's strace instead (strace ${strace})`);
  return packed;
}

async function isThere(engine: EngineClient, image: string): Promise<boolean> {
  return (await engine.call("GET", `/images/${image}/json`)).status === 200;
}

async function build(engine: EngineClient, image: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const { execa } = await import("execa");
  const { stdout: tar } = await execa("tar", ["-C", packageFolder, "-c", dockerfile, ...sources], {
    encoding: "buffer",
  });
  const query = new URLSearchParams({
    t: image,
    dockerfile,
    networkmode: "host",
    rm: "1",
    forcerm: "1",
    buildargs: JSON.stringify(proxyArguments(engine.endpoint, environment)),
  });
  await engine.upload(`/build?${query.toString()}`, Buffer.from(tar));
  return isThere(engine, image);
}

/**
 * Packs this host's strace, its loader and its libraries, and compiles the holder and the keeper here. It works only
 * for an engine of this host's architecture.
 */
async function packHost(engine: EngineClient, image: string, engineArchitecture: string): Promise<string> {
  if (nativeArch(engineArchitecture) !== nativeArch(arch())) {
    throw new SeccompGenError({
      code: "no-tracer",
      detail: `the engine runs on ${engineArchitecture}, this host is ${arch()}: it cannot run this host's strace`,
    });
  }
  const { execa } = await import("execa");
  const strace = await hostStrace();
  const root = await sessionFolder();
  const folder = join(root, tracerFolder);
  try {
    await mkdir(folder, { recursive: true });
    await copyFile(strace.path, join(folder, "strace"));
    for (const library of await librariesOf(strace.path))
      await copyFile(library, join(folder, /\/ld[-.]/.test(library) ? "ld.so" : basename(library)));
    for (const source of sources) {
      const compiled = await execa(
        "cc",
        ["-O2", "-static", "-s", "-o", join(folder, basename(source, ".c")), join(packageFolder, source)],
        { reject: false },
      );
      if (compiled.failed)
        throw new SeccompGenError({
          code: "no-tracer",
          detail:
            "the tracer image could not be built, and this host has no working C compiler " +
            `(${compiled.shortMessage?.split("\n")[0] ?? ""})`,
        });
    }
    await execa("sh", ["-c", `"$0" -V > "$1"`, strace.path, join(folder, "version")]);
    const tar = await execa("tar", ["-C", root, "-c", "."], { encoding: "buffer" });
    const [repo = "", tag = ""] = image.split(":");
    const { status, text } = await engine.upload(
      `/images/create?${new URLSearchParams({ fromSrc: "-", repo, tag }).toString()}`,
      Buffer.from(tar.stdout),
    );
    if (status !== 200 || !(await isThere(engine, image)))
      throw new SeccompGenError({
        code: "no-tracer",
        detail: `the engine refused the image of this host's strace: ${messageOf(text)}`,
      });
    return strace.version;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Absolute paths of the libraries and the loader that ldd(1) lists. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const { execa } = await import("execa");
  const { stdout } = await execa("ldd", [program]);
  return [...stdout.matchAll(/(\/\S+)/g)].map((match) => match[1] ?? "");
}
