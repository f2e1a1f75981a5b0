import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/**
 * The process that made a container, a volume, a lock or a temporary file: `PID.START@HOST`. START is the time at which
 * the process began, in the kernel's ticks since boot (proc(5), /proc/PID/stat). So a later process with the same
 * number is not confused with it. START is absent if there is no /proc.
 */
export function ownSession(): string {
  return `${ownProcess()}@${hostname()}`;
}

/** `PID.START` */
export function ownProcess(): string {
  const started = startOf(process.pid);
  return started === undefined ? `${process.pid}` : `${process.pid}.${started}`;
}

/** The pattern of a session's name in a file's name. */
export const sessionPattern = String.raw`\d+(?:\.\d+)?@[\w.-]+`;

/** Has the session's process ended? A process on another host is assumed to be alive. */
export function sessionIsOver(session: string): boolean {
  const [, pid, started, host] = /^(\d+)(?:\.(\d+))?@(.+)$/.exec(session) ?? [];
  if (pid === undefined || host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  const now = started === undefined ? undefined : startOf(Number(pid));
  return now !== undefined && now !== started;
}

function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The program's name is in parentheses and may be any text. The start is the 22nd field of the line.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
