import { copyFile, mkdir, rm } from "node:fs/promises";
import { arch } from "node:os";
import { basename, dirname, join } from "node:path";
import { execa } from "execa";
import { cliFailure, sessionFolder, type ContainerCli } from "../container/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import { packageFolder } from "../../project/index.ts";
import { nativeArch } from "../../core/tables/index.ts";
import { hostStrace } from "./host-strace.ts";
import { traceFolder, tracerFolder } from "./strace-command.ts";

/** The holder's source in this package. */
export const holderSource = "src/run/tracer/hold.c";
/** The source of what strace is told known arguments with. */
export const knownArgumentsSource = "src/run/tracer/known-arguments.c";

/**
 * Packs this host's strace and stat, their loader and libraries, and the programs that the helpers'
 * scripts need into an image, with the holder where this host can compile it, without any network.
 * Only for an engine of this host's architecture.
 */
export async function importHostStrace(
  cli: ContainerCli,
  image: string,
  engineArchitecture: string,
): Promise<{ id: string; version: string }> {
  if (nativeArch(engineArchitecture) !== nativeArch(arch())) {
    throw new SeccompGenError({
      code: "no-tracer",
      detail: `the engine runs on ${engineArchitecture}, this host is ${arch()}, so its strace is of no use ` + "there",
    });
  }
  const strace = await hostStrace();
  const root = await sessionFolder();
  try {
    await mkdir(join(root, tracerFolder), { recursive: true });
    await mkdir(join(root, traceFolder));
    await execa("chmod", ["1777", join(root, traceFolder)]);
    for (const program of [strace.path, await pathOf("stat")]) {
      await copyFile(program, join(root, tracerFolder, basename(program)));
      for (const library of await librariesOf(program)) {
        await copyFile(library, join(root, tracerFolder, basename(library)));
        if (/\/ld[-.]/.test(library)) await copyFile(library, join(root, tracerFolder, "ld.so"));
      }
    }
    await execa(
      "cc",
      ["-O2", "-static", "-s", "-o", join(root, tracerFolder, "hold"), join(packageFolder, holderSource)],
      { reject: false },
    );
    await execa(
      "cc",
      [
        "-O2",
        "-shared",
        "-fPIC",
        "-s",
        "-o",
        join(root, tracerFolder, "known-arguments.so"),
        join(packageFolder, knownArgumentsSource),
      ],
      { reject: false },
    );
    for (const tool of ["sh", "cat", "tail", "mkfifo", "rm", "sleep"]) await copyTool(root, tool);
    const [file = "", ...words] = cli.words;
    const tar = execa("tar", ["-C", root, "-c", "."], { encoding: "buffer" });
    const imported = await tar.pipe(file, [...words, "import", "-", image], { reject: false, encoding: "utf8" });
    if (imported.exitCode !== 0) throw cliFailure(cli, "importing this host's strace", String(imported.stderr));
    return { id: String(imported.stdout).trim(), version: `strace ${strace.version}` };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function copyTool(root: string, tool: string): Promise<void> {
  const path = await pathOf(tool);
  for (const [from, to] of [
    [path, `/bin/${tool}`] as const,
    ...(await librariesOf(path)).map((library) => [library, library] as const),
  ]) {
    await mkdir(join(root, dirname(to)), { recursive: true });
    await copyFile(from, join(root, to));
  }
}

async function pathOf(tool: string): Promise<string> {
  return (await execa("sh", ["-c", `command -v ${tool}`])).stdout;
}

/** Absolute paths of the libraries and the loader that ldd(1) lists. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await execa("ldd", [program]);
  return [...stdout.matchAll(/(\/\S+)/g)].map((match) => match[1] ?? "");
}
