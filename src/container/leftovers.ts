import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { ContainerCli } from "./cli.ts";
import { capture, output } from "./cli.ts";

/** On every container we start: `seccomp-gen.session=PID@HOST`. */
export const sessionLabel = "seccomp-gen.session";

/** Who starts a container now. */
export function sessionOptions(): readonly string[] {
  return ["--label", `${sessionLabel}=${process.pid}@${hostname()}`];
}

/** Names of volumes that hold traces while they are written. */
export const traceVolumePrefix = "seccomp-gen-out-";

/** What a killed session left behind. */
export interface Leftovers {
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
}

/** Finds containers whose session has ended without removing them, and trace volumes that no container uses. Sessions on other hosts are taken to be alive. */
export async function findLeftovers(cli: ContainerCli): Promise<Leftovers> {
  const listed = await output(cli, ["ps", "--all", "--filter", `label=${sessionLabel}`, "--format", `{{.ID}} {{.Label "${sessionLabel}"}}`], "listing containers");
  const dead = lines(listed).flatMap((line) => {
    const [id = "", session = ""] = line.split(" ");
    return isOver(session) ? [id] : [];
  });
  const volumes = lines(await output(cli, ["volume", "ls", "--quiet", "--filter", `name=${traceVolumePrefix}`], "listing volumes"));
  const used = await Promise.all(volumes.map(async (volume) => (await usersOf(cli, volume)).some((id) => !dead.includes(id))));
  return { containers: dead, volumes: volumes.filter((volume, index) => volume.startsWith(traceVolumePrefix) && used[index] === false) };
}

/** Removes them; resolves to what could not be removed, with the CLI's words. */
export async function removeLeftovers(cli: ContainerCli, { containers, volumes }: Leftovers): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const args of [...containers.map((id) => ["rm", "--force", "--volumes", id]), ...volumes.map((name) => ["volume", "rm", name])]) {
    const { exitCode, stderr } = await capture(cli, args);
    if (exitCode !== 0) failures.push(`${args.at(-1)}: ${stderr.trim()}`);
  }
  return failures;
}

/** So often, and so long between, an engine is asked that is still removing a container which uses the volume. */
const removalAttempts = 25;
const removalPauseMs = 200;

/** Removes a volume of ours; resolves to the engine's words where it refuses for good. */
export async function removeVolume(cli: ContainerCli, name: string): Promise<string | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const { exitCode, stderr } = await capture(cli, ["volume", "rm", "-f", name]);
    if (exitCode === 0) return undefined;
    if (attempt === removalAttempts) return stderr.trim();
    await delay(removalPauseMs);
  }
}

async function usersOf(cli: ContainerCli, volume: string): Promise<readonly string[]> {
  return lines(await output(cli, ["ps", "--all", "--quiet", "--filter", `volume=${volume}`], "listing containers"));
}

function isOver(session: string): boolean {
  const [pid, host] = session.split("@");
  if (host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function lines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}
