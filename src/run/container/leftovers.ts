import { lstat, mkdtemp, readdir } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { capture, output, type ContainerCli } from "./cli.ts";
import { ownProcess, sessionIsOver } from "../../project/index.ts";

/** Label of every container and volume that we create. Its value is the session's name. */
export const sessionLabel = "seccomp-gen.session";

/** Prefix of the name of a trace's volume. */
export const traceVolumePrefix = "seccomp-gen-out-";

/**
 * Label of a trace's volume that is worth keeping if its session is killed. It holds the JSON that a
 * recording of the trace needs.
 */
export const traceLabel = "seccomp-gen.trace";

/** Prefix of the name of a gate's volume. */
export const gateVolumePrefix = "seccomp-gen-gate-";

const folderPrefix = "seccomp-gen-";

/** A private folder for a session's small files, named after the process that made it. */
export function sessionFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), `${folderPrefix}${ownProcess()}-`));
}

/** A trace in a session's folder, and the JSON that a recording of it needs if the session is killed. */
export const keptTrace = "trace.log";
export const keptTraceFacts = "trace.json";

/** Folders of this user whose process has ended. */
export async function findFolders(): Promise<readonly string[]> {
  const dead = (await readdir(tmpdir())).filter((name) => {
    const pid = new RegExp(`^${folderPrefix}(\\d+(?:\\.\\d+)?)-`).exec(name)?.[1];
    return pid !== undefined && sessionIsOver(`${pid}@${hostname()}`);
  });
  const owned = await Promise.all(
    dead.map(async (name) => (await lstat(join(tmpdir(), name)).catch(() => undefined))?.uid === process.getuid?.()),
  );
  return dead.filter((_, index) => owned[index]).map((name) => join(tmpdir(), name));
}

/** What a killed session left behind. */
export interface Leftovers {
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
}

/**
 * Finds containers and volumes whose session has ended without removing them. Sessions on other
 * hosts are assumed to be alive.
 */
export async function findLeftovers(cli: ContainerCli): Promise<Leftovers> {
  const containers = await output(
    cli,
    ["ps", "--all", "--filter", `label=${sessionLabel}`, "--format", `{{.ID}} ${sessionIn(cli)}`],
    "listing containers",
  );
  const volumes = await abandonedVolumes(cli);
  const gates = await Promise.all(
    volumes
      .filter((name) => name.startsWith(gateVolumePrefix))
      .map(async (name) => ({
        name,
        held: await heldBy(cli, name),
        // A session that ended in order removed its traces. Its containers were left for the user.
        wasKilled: volumes.includes(name.replace(gateVolumePrefix, traceVolumePrefix)),
      })),
  );
  const inUse = gates.filter(({ held, wasKilled }) => held.length > 0 && !wasKilled).map(({ name }) => name);
  const held = gates.flatMap((gate) => (gate.wasKilled ? gate.held : []));
  return {
    containers: [...new Set([...ofDeadSessions(containers), ...held])],
    volumes: volumes.filter((name) => !inUse.includes(name)),
  };
}

/** Recorded containers that wait for a keeper which is gone. */
async function heldBy(cli: ContainerCli, gate: string): Promise<readonly string[]> {
  const listed = ["ps", "--all", "--no-trunc", "--filter", `volume=${gate}`, "--format", "{{.ID}}"];
  return lines(await output(cli, listed, "listing containers"));
}

/** Volumes of ended sessions. */
async function abandonedVolumes(cli: ContainerCli): Promise<readonly string[]> {
  const listed = await output(cli, ["volume", "ls", "--format", `{{.Name}} ${sessionIn(cli)}`], "listing volumes");
  // An engine that failed to remove a volume may have forgotten its labels (Docker 20.10).
  const unlabelled = lines(listed)
    .map((line) => line.trim())
    .filter((line) => new RegExp(`^(?:${traceVolumePrefix}|${gateVolumePrefix})[0-9a-f]{12}$`).test(line));
  return [...ofDeadSessions(listed), ...unlabelled];
}

/** The names in lines `NAME SESSION` whose session is over. */
function ofDeadSessions(listed: string): readonly string[] {
  return lines(listed).flatMap((line) => {
    const [name = "", session = ""] = line.split(" ");
    return sessionIsOver(session) ? [name] : [];
  });
}

/**
 * The session in a list's template. docker has a function for one label, and podman a map (podman-ps(1),
 * podman-volume-ls(1)).
 */
function sessionIn({ tool }: ContainerCli): string {
  return tool === "podman" ? `{{index .Labels "${sessionLabel}"}}` : `{{.Label "${sessionLabel}"}}`;
}

/** The facts in the label of a trace's volume. `undefined` if the trace is not worth keeping. */
export async function traceFacts(cli: ContainerCli, volume: string): Promise<string | undefined> {
  const { exitCode, stdout } = await capture(cli, ["volume", "inspect", "--format", "{{json .Labels}}", volume]);
  const written =
    exitCode === 0 ? (JSON.parse(stdout) as { readonly [label: string]: string } | null)?.[traceLabel] : undefined;
  return written === undefined ? undefined : Buffer.from(written, "base64url").toString("utf8");
}

/** Removes leftovers. Resolves to those that could not be removed, with the CLI's words. */
export async function removeLeftovers(
  cli: ContainerCli,
  { containers, volumes }: Leftovers,
): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const args of [
    ...containers.map((id) => ["rm", "--force", "--volumes", id]),
    ...volumes.map((name) => ["volume", "rm", name]),
  ]) {
    const { exitCode, stderr } = await capture(cli, args);
    // The engine may be removing it already, because of --rm or another clean.
    if (exitCode !== 0 && !/already in progress|no such (?:container|volume)/i.test(stderr))
      failures.push(`${args.at(-1)}: ${stderr.trim()}`);
  }
  return failures;
}

function lines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}
