import { readFile } from "node:fs/promises";
import { member, type Document, type EngineClient } from "../gateway/index.ts";

/** The kernel's view of the filters of a container's first process. */
export interface SeccompStatus {
  /** `Seccomp:` of proc_pid_status(5): 0 none, 2 filters. */
  readonly mode: number;
  /** Filters that its parent, the runtime's shim, does not have. */
  readonly own: number;
}

/**
 * Reads the kernel's view of a running container. `undefined` if the container has ended, or if the
 * engine runs on another machine.
 */
export async function seccompStatus(engine: EngineClient, container: string): Promise<SeccompStatus | undefined> {
  const path = `/containers/${container}/json`;
  const inspected = await engine.get<Document>(path, "inspecting a container").catch(() => undefined);
  const pid = Number(member(member(inspected, "State"), "Pid") ?? 0);
  if (!(pid > 0)) return undefined;
  const groups = await readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "");
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  // An engine on another machine has its own pids, so this pid may be another process here.
  if (!groups.includes(container) || status === "") return undefined;
  const parent = await readFile(`/proc/${field(status, "PPid")}/status`, "utf8").catch(() => "");
  return {
    mode: field(status, "Seccomp"),
    own: field(status, "Seccomp_filters") - field(parent, "Seccomp_filters"),
  };
}

function field(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+)$`, "m").exec(status)?.[1] ?? 0);
}
