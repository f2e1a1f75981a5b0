import type { SyscallEvent } from "../../strace-parser/index.ts";
import { Callers } from "./programs.ts";

/** How a program can find out that a tracer watches it. */
export interface SoughtTracer {
  /**
   * `ptrace`: the program wanted to trace or to be traced, but a process has only one tracer (ptrace(2)). `status`: the
   * program read the file that names its tracer (proc_pid_status(5), TracerPid).
   */
  readonly by: "ptrace" | "status";
  readonly programs: ReadonlySet<string>;
}

/** With this call a program may find out that a tracer watches it. */
export function mayRevealTracer(name: string): boolean {
  return name === "openat" || name === "open" || name === "ptrace";
}

const ownStatus = /^\/proc\/(?:self|thread-self|self\/task\/\d+)\/status$/;

/**
 * Programs that look for a tracer: debuggers, and programs that hide from them. They may behave differently under
 * strace.
 */
export class TracerSeekers {
  readonly #ptrace = new Callers();
  readonly #status = new Callers();

  /** `attribute` adds the event's program to a set. */
  look(event: SyscallEvent, attribute: (callers: Callers) => void): void {
    if (event.name === "ptrace")
      return event.result.type === "error" && event.result.errno === "EPERM" ? attribute(this.#ptrace) : undefined;
    const path = event.arg(event.name === "open" ? 0 : 1);
    if (path?.type === "string" && path.bytes.length < 40 && ownStatus.test(Buffer.from(path.bytes).toString("latin1")))
      attribute(this.#status);
  }

  sought(): readonly SoughtTracer[] {
    return [
      { by: "ptrace" as const, programs: this.#ptrace.programs },
      { by: "status" as const, programs: this.#status.programs },
    ].filter(({ programs }) => programs.size > 0);
  }
}
