import { basename } from "node:path";
import { forgetOldest } from "../strace-parser/oldest.ts";
import type { SyscallEvent, Tracee } from "../strace-parser/types.ts";

/** A program that ran, and what getuid(2) or geteuid(2) told it first, where it asked. */
export interface ExecutedProgram {
  readonly path: string;
  asRoot: boolean;
  asUser: boolean;
}

/** The calls that tell which program runs, and as whom. */
export function followsProgram(name: string): boolean {
  return name.startsWith("execve") || forks.test(name) || name === "getuid" || name === "geteuid";
}

const forks = /^(?:v?fork|clone3?)$/;

/** Calls of a thread of which it is not known yet what it runs. */
interface Waiting {
  /** As `groupOf` says: never again that of another thread, or of a later one with the same id. */
  readonly group: number;
  readonly callers: Set<Callers>;
}

/** So many different paths are kept, whatever the log says. */
const maxExecuted = 10_000;

/**
 * Which program a thread runs: the base name of what it executed last, or its parent did. A child's calls often stand in the log
 * before the clone that made it returns; they are attributed when it does.
 */
export class Programs {
  readonly #running = new Map<number | undefined, string>();
  readonly #waiting = new Map<number | undefined, Waiting>();
  readonly #executed = new Map<string, ExecutedProgram>();
  /** Threads that have not yet asked who they are since they executed a program. */
  readonly #fresh = new Map<number | undefined, ExecutedProgram>();
  readonly #changed: (pid: number | undefined) => void;
  /** The thread that was asked for last, and what it runs where that is known. */
  #latestPid: number | undefined;
  #latestProgram: string | undefined;

  readonly #groups = new Map<string, number>();
  /** So many threads have waited. */
  #waits = 0;

  /** `changed` is told of a thread of which is known from now on that it runs another program, or none. */
  constructor(changed: (pid: number | undefined) => void = () => undefined) {
    this.#changed = changed;
  }

  /** What was executed, by path. Stays in memory: a recording holds no paths. */
  executed(): readonly ExecutedProgram[] {
    return [...this.#executed.values()];
  }

  /** Puts who made the call into `callers`, now or as soon as it is known. */
  attribute({ pid, comm }: Tracee, callers: Callers): void {
    if (pid !== this.#latestPid || this.#latestProgram === undefined) {
      this.#latestPid = pid;
      this.#latestProgram = this.#running.get(pid);
    }
    const program = this.#latestProgram ?? comm;
    if (program !== undefined) return callers.add(program);
    const waiting = this.#waiting.get(pid);
    if (waiting !== undefined) return void waiting.callers.add(callers);
    if (this.#waiting.size >= maxThreads) return callers.add(unknownProgram);
    this.#waits += 1;
    this.#waiting.set(pid, { group: -this.#waits, callers: new Set([callers]) });
  }

  /** Threads of the same group are said to run the same program by `attribute`, now and as soon as it is known. Undefined: the next call of the thread may be another's. */
  groupOf(pid: number | undefined): number | undefined {
    const program = this.#running.get(pid);
    if (program === undefined) return this.#waiting.get(pid)?.group;
    const known = this.#groups.get(program);
    if (known !== undefined || this.#groups.size >= maxPrograms) return known;
    this.#groups.set(program, this.#groups.size + 1);
    return this.#groups.size;
  }

  /** Follows execve, fork, vfork, clone and clone3. */
  follow(event: SyscallEvent): void {
    if (event.result.type !== "value" || event.injected) return;
    const { pid } = event.tracee;
    if (event.name.startsWith("execve")) {
      if (event.result.value !== 0n) return;
      const file = executedFile(event);
      if (file === "") return;
      this.#run(pid, basename(file));
      const program = this.#executed.get(file) ?? { path: file, asRoot: false, asUser: false };
      if (this.#executed.size < maxExecuted) this.#executed.set(file, program);
      this.#fresh.set(pid, program);
    } else if (event.name === "getuid" || event.name === "geteuid") {
      const program = this.#fresh.get(pid);
      if (program !== undefined) program[event.result.value === 0n ? "asRoot" : "asUser"] = true;
      this.#fresh.delete(pid);
    } else if (forks.test(event.name) && event.result.value > 0n) {
      const parent = this.#running.get(pid);
      const child = Number(event.result.value);
      if (parent === undefined) return;
      this.#settle(child, parent); // what it did before its own execve
      if (!this.#running.has(child)) this.#run(child, parent);
    }
  }

  /** The id is free for another process. */
  ended(pid: number | undefined): void {
    this.#settle(pid, this.#running.get(pid) ?? unknownProgram);
    this.#running.delete(pid);
    this.#latestProgram = undefined;
    this.#fresh.delete(pid);
    this.#changed(pid);
  }

  /** The log ends: what is still waiting was made by nobody we know, or by what the thread ran later. */
  finish(): void {
    for (const pid of [...this.#waiting.keys()]) this.#settle(pid, this.#running.get(pid) ?? unknownProgram);
  }

  #run(pid: number | undefined, program: string): void {
    forgetOldest(this.#running, maxThreads, (oldest) => this.ended(oldest));
    this.#running.set(pid, program);
    this.#latestProgram = undefined;
    this.#changed(pid);
  }

  #settle(pid: number | undefined, program: string): void {
    for (const callers of this.#waiting.get(pid)?.callers ?? []) callers.add(program);
    this.#waiting.delete(pid);
  }
}

/** The path; execveat(2) has a descriptor before it. */
function executedFile(event: SyscallEvent): string {
  for (const index of [0, 1]) {
    const arg = event.arg(index);
    if (arg?.type === "string" && arg.bytes.length > 0) return Buffer.from(arg.bytes).toString("utf8");
  }
  return "";
}

const unknownProgram = "?";

/** So many threads are followed at a time, and so many programs told apart, whatever the log says. */
const maxThreads = 100_000;
const maxPrograms = 1_000;

/** The programs that made a call. */
export class Callers {
  readonly programs = new Set<string>();
  /** The one that was added last: mostly it comes again. */
  #latest: string | undefined;

  add(program: string): void {
    if (program === this.#latest) return;
    this.#latest = program;
    if (!this.programs.has(program)) this.programs.add(this.programs.size < maxPrograms ? program : unknownProgram);
  }
}
