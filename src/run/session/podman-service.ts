import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SeccompGenError } from "../../core/errors/index.ts";
import { sessionFolder } from "../container/index.ts";
import { dial, hasNoDocker, type ClientCommand, type Endpoint } from "../gateway/index.ts";

/** Podman without a daemon has no socket. Its own service provides one while the session lasts. */
export interface PodmanService extends AsyncDisposable {
  readonly endpoint: Endpoint;
}

/** The service ends after this time without a client, so that a killed session leaves none behind. */
const idleSeconds = "30";

const patienceMs = 20_000;

/**
 * `undefined` if the command's podman already talks to a service, or if its containers are Docker's. On a host with
 * podman and without Docker, the containers of any command are podman's.
 */
export async function openPodmanService(
  { words, tool }: ClientCommand,
  environment: NodeJS.ProcessEnv,
): Promise<PodmanService | undefined> {
  const isNamed = tool?.name === "podman";
  const isPodmans = isNamed ? (environment["CONTAINER_HOST"] ?? "") === "" : hasNoDocker(environment);
  if (!isPodmans) return undefined;
  const folder = await sessionFolder();
  const path = join(folder, "podman.sock");
  const [file, ...args] = [
    ...(isNamed ? [...words.slice(0, tool.at + 1), ...tool.connection] : ["podman"]),
    "system",
    "service",
    "--time",
    idleSeconds,
    `unix://${path}`,
  ];
  // The service has its own process group, so that Ctrl-C does not reach it. The session needs the service to stop the
  // command's containers.
  const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"], detached: true, env: environment });
  let complaint = "";
  let hasEnded = false;
  child.stderr.on("data", (bytes: Buffer) => (complaint = (complaint + bytes.toString("utf8")).slice(-1000)));
  child.once("error", (error) => ([complaint, hasEnded] = [error.message, true]));
  child.once("exit", () => (hasEnded = true));
  const endpoint: Endpoint = { kind: "unix", path };
  const close = async (): Promise<void> => {
    if (child.pid !== undefined && !hasEnded) process.kill(-child.pid, "SIGTERM");
    await rm(folder, { recursive: true, force: true });
  };
  for (const deadline = performance.now() + patienceMs; ; await delay(20)) {
    const socket = await dial(endpoint).catch(() => undefined);
    if (socket !== undefined) {
      socket.destroy();
      return { endpoint, [Symbol.asyncDispose]: close };
    }
    if (!hasEnded && performance.now() < deadline) continue;
    await close();
    if (!isNamed) return undefined; // there is no engine at all; the command's first request says so
    throw new SeccompGenError({ code: "no-engine", tool: "podman", detail: complaint.trim() });
  }
}
