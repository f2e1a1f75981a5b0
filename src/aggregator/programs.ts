import { basename } from "node:path";
import type { SyscallEvent } from "../strace-parser/types.ts";

/**
 * Which program a thread runs: the base name of what it executed last, or its parent did. A child's calls often stand in the log
 * before the clone that made it returns; they are attributed when it does.
 */
export class Programs {
  readonly #running = new Map<number | undefined, string>();
  readonly #waiting = new Map<number | undefined, Set<Set<string>>>();

  /** Puts who made the call into `callers`, now or as soon as it is known. */
  attribute(event: SyscallEvent, callers: Set<string>): void {
    const { pid, comm } = event.tracee;
    const program = this.#running.get(pid) ?? comm;
    if (program !== undefined) callers.add(program);
    else this.#waiting.set(pid, (this.#waiting.get(pid) ?? new Set()).add(callers));
  }

  /** Follows execve, fork, vfork, clone and clone3. */
  follow(event: SyscallEvent): void {
    if (event.result.type !== "value" || event.injected) return;
    const { pid } = event.tracee;
    if (event.name.startsWith("execve")) {
      const path = event.args.find((arg) => arg.type === "string" && arg.bytes.length > 0);
      const name = path?.type === "string" ? basename(Buffer.from(path.bytes).toString("utf8")) : "";
      if (event.result.value === 0n && name !== "") this.#running.set(pid, name);
    } else if (/^(v?fork|clone3?)$/.test(event.name) && event.result.value > 0n) {
      const parent = this.#running.get(pid);
      const child = Number(event.result.value);
      if (parent === undefined) return;
      this.#settle(child, parent); // what it did before its own execve
      if (!this.#running.has(child)) this.#running.set(child, parent);
    }
  }

  /** The id is free for another process. */
  ended(pid: number | undefined): void {
    this.#settle(pid, this.#running.get(pid) ?? unknownProgram);
    this.#running.delete(pid);
  }

  /** The log ends: what is still waiting was made by nobody we know, or by what the thread ran later. */
  finish(): void {
    for (const pid of [...this.#waiting.keys()]) this.#settle(pid, this.#running.get(pid) ?? unknownProgram);
  }

  #settle(pid: number | undefined, program: string): void {
    for (const callers of this.#waiting.get(pid) ?? []) callers.add(program);
    this.#waiting.delete(pid);
  }
}

const unknownProgram = "?";
