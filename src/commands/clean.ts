import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { findFolders, findLeftovers, removeLeftovers, traceFacts, type ContainerCli } from "../run/container/index.ts";
import { isLock, removeStaleLock, sessionIsOver, systemProblem, temporaryOf, type Terminal } from "../project/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { clientCommand } from "../run/gateway/index.ts";
import { openEngine } from "../run/session/index.ts";
import { recoverHere, recoverKept } from "../run/recorder/index.ts";

/**
 * `seccomp-gen clean`: removes what a killed session left. It removes half-written files here, folders in the temporary
 * folder, containers and volumes. First it makes partial recordings from the traces of a killed recording. A trace that
 * gives no recording stays. The exit code is 0 if all is removed. It is 2 if something could not be removed, or if the
 * engine does not answer. Without docker on the machine, it only looks for files.
 */
export async function clean(
  words: readonly string[],
  options: { readonly discard: boolean },
  terminal: Terminal,
): Promise<number> {
  const cli = containerCli(words.length === 0 ? ["docker"] : words);
  if (cli === undefined)
    throw new SeccompGenError({
      code: "usage",
      what: `${words.join(" ")} is not a container tool`,
      todo: "Run seccomp-gen clean, or name the tool: seccomp-gen clean -- sudo podman",
    });
  const files = await ownFiles();
  const paths = halfWritten(files);
  const unkept: string[] = [];
  for (const folder of await findFolders()) {
    try {
      const said = options.discard ? undefined : await recoverHere(folder);
      if (said !== undefined) terminal.note(said);
      paths.push(folder);
    } catch (error) {
      unkept.push(keptBecause(folder, error));
    }
  }
  const failures = (
    await Promise.all(
      paths.map((path) =>
        rm(path, { recursive: true, force: true }).then(
          () => [],
          (error: unknown) => [`${path}: ${systemProblem(error).detail}`],
        ),
      ),
    )
  ).flat();
  failures.push(...unkept);
  const locks = await Promise.all(
    files
      .filter(isLock)
      .map((lock) =>
        removeStaleLock(lock).catch(
          (error: unknown) => (failures.push(`${lock}: ${systemProblem(error).detail}`), true),
        ),
      ),
  );
  const count = paths.length + locks.filter((stale) => stale).length;
  if (count > 0) terminal.note(`found ${count} files and folders of killed sessions`);
  const found = await findLeftovers(cli).catch((error: unknown) => {
    if (words.length > 0 || !(error instanceof SeccompGenError) || error.problem.code !== "no-container-cli") {
      for (const failure of failures) terminal.note(`not removed: ${failure}`);
      throw error;
    }
    terminal.note(
      "docker is not installed here, so only files were searched (for another tool: seccomp-gen clean -- podman)",
    );
    return { containers: [], volumes: [] };
  });
  failures.push(...(await removeLeftovers(cli, { containers: found.containers, volumes: [] })));
  for (const volume of found.volumes) {
    try {
      const said = options.discard ? [] : await recovered(cli, volume, terminal);
      for (const line of said) terminal.note(line);
      failures.push(...(await removeLeftovers(cli, { containers: [], volumes: [volume] })));
    } catch (error) {
      failures.push(keptBecause(volume, error));
    }
  }
  for (const failure of failures) terminal.note(`not removed: ${failure}`);
  const counts = [`${found.containers.length} containers`, `${found.volumes.length} trace volumes`].join(", ");
  const removed = failures.length === 0 ? "all removed" : `${failures.length} not removed`;
  terminal.note(
    found.containers.length + found.volumes.length + count === 0
      ? "nothing left behind"
      : `found ${counts}; ${removed}`,
  );
  return failures.length === 0 ? 0 : 2;
}

/** The words of a container tool (`sudo docker --context x`). `undefined` if they name none. */
function containerCli(words: readonly string[]): ContainerCli | undefined {
  const { tool } = clientCommand(words);
  return tool?.name === "docker" || tool?.name === "podman" ? { tool: tool.name, words } : undefined;
}

/** Recovers a volume's traces, and resolves to notices about them. */
async function recovered(cli: ContainerCli, volume: string, terminal: Terminal): Promise<readonly string[]> {
  const facts = await traceFacts(cli, volume);
  if (facts === undefined) return [];
  if ((JSON.parse(facts) as { readonly traces?: unknown }).traces === true) {
    await using open = await openEngine(clientCommand(cli.words), process.env);
    return await recoverKept(open.engine, volume, terminal);
  }
  return [];
}

function keptBecause(what: string, error: unknown): string {
  if (!(error instanceof Error)) throw error;
  return `${what}, because its trace could not be saved: ${error.message} (--discard removes it anyway)`;
}

/** Temporary files whose process ended before it finished writing them. */
function halfWritten(files: readonly string[]): string[] {
  return files.filter((path) => sessionIsOver(temporaryOf(path) ?? ""));
}

async function ownFiles(): Promise<readonly string[]> {
  const entries = await Promise.all(
    ["traces", "profiles"].map(async (folder) =>
      (await readdir(folder, { recursive: true }).catch(() => [])).map((name) => join(folder, name)),
    ),
  );
  return entries.flat();
}
