import { basename } from "node:path";
import { Births } from "./births.ts";
import { makesUntraced } from "./log-facts.ts";
import { forgetOldest, isForkCall, maxThreads, type SyscallEvent, type Tracee } from "../../strace-parser/index.ts";

/** A program that ran, and whether its first getuid(2) or geteuid(2) returned root or another user. */
export interface ExecutedProgram {
  readonly path: string;
  asRoot: boolean;
  asUser: boolean;
}

/** Does the call show which program runs, or as which user it runs? */
export function followsProgram(name: string): boolean {
  return name.startsWith("execve") || isForkCall(name) || name === "getuid" || name === "geteuid";
}

type Pid = number | undefined;

/** The known or unknown program of some threads. Threads that certainly run the same program share one object. */
interface Running {
  /** `undefined` if it is not known yet. */
  program: string | undefined;
  /** The number that `groupOf` returns. */
  readonly group: number | undefined;
  /** The calls of these threads. They get the program as soon as it is known. */
  readonly callers: Set<Callers>;
  /** The other object, if both turned out to be the same program. */
  same: Running | undefined;
}

/** At most this many different paths are kept. */
const maxExecuted = 10_000;

/**
 * The program of each thread. It is the base name of the file that the thread, or else its parent, executed last. A
 * child's calls often stand in the log before the clone that made the child returns. These calls get their program when
 * the clone returns, or later, when the parent's program is known.
 */
export class Programs {
  readonly #running = new Map<Pid, Running>();
  /** The unknown programs that threads began as. Each thread has an object of its own here. */
  readonly #beginnings = new Map<Pid, Running>();
  readonly #known = new Map<string, Running>();
  readonly #executed = new Map<string, ExecutedProgram>();
  /** Threads that have not asked which user they are since they executed a program. */
  readonly #fresh = new Map<Pid, ExecutedProgram>();
  readonly #changed: (pid: Pid) => void;
  /** The thread of the last question, and its program. */
  #latestPid: Pid;
  #latest: Running | undefined;
  /** The number of threads that began as an unknown program. */
  #unknown = 0;
  /** Finds the children in a log whose thread ids differ from the ids that calls return. */
  readonly #births: Births<Running> | undefined;

  /**
   * `changed` is called with each thread that has ended or may now run another program. `outside` is true if strace ran
   * in another PID namespace than the program.
   */
  constructor(changed: (pid: Pid) => void = () => undefined, { outside = false } = {}) {
    this.#changed = changed;
    this.#births = outside ? new Births((child, maker) => this.#make(child, maker)) : undefined;
  }

  /** The executed programs, by path. They stay in memory: a recording holds no paths. */
  executed(): readonly ExecutedProgram[] {
    return [...this.#executed.values()];
  }

  /** Notes a thread, even if its first line shows a call that gets no program. */
  notice(pid: Pid): void {
    if (this.#births !== undefined && !this.#running.has(pid)) this.#begin(pid);
  }

  /** Adds the program that made the call to `callers`, now or as soon as it is known. */
  attribute({ pid, comm }: Tracee, callers: Callers): void {
    if (pid !== this.#latestPid || this.#latest === undefined || this.#latest.same !== undefined) {
      this.#latest = this.#runningOf(pid);
      this.#latestPid = pid;
    }
    const program = this.#latest?.program;
    if (program !== undefined) return callers.add(program);
    if (comm === undefined) addProgram(callers, this.#latest ?? this.#begin(pid));
    else callers.add(comm);
  }

  /**
   * The number of the thread's group. `attribute` gives all threads of a group the same program, even if it is not
   * known yet. Returns `undefined` if the thread has no group.
   */
  groupOf(pid: Pid): number | undefined {
    return this.#runningOf(pid)?.group;
  }

  /** Follows execve, fork, vfork, clone and clone3. */
  follow(event: SyscallEvent): void {
    if (event.result.type !== "value" || event.injected) return;
    const { pid } = event.tracee;
    this.notice(pid);
    if (event.name.startsWith("execve")) {
      if (event.result.value !== 0n) return;
      const file = executedFile(event);
      if (file === "") return;
      this.#run(pid, this.#knownAs(basename(file)));
      const program = this.#executed.get(file) ?? { path: file, asRoot: false, asUser: false };
      if (this.#executed.size < maxExecuted) this.#executed.set(file, program);
      this.#fresh.set(pid, program);
    } else if (event.name === "getuid" || event.name === "geteuid") {
      const program = this.#fresh.get(pid);
      if (program !== undefined) program[event.result.value === 0n ? "asRoot" : "asUser"] = true;
      this.#fresh.delete(pid);
    } else {
      const child = madeBy(event);
      if (child === undefined) return;
      const maker = this.#runningOf(pid) ?? this.#begin(pid);
      if (this.#births === undefined) this.#make(child, maker);
      else if (!makesUntraced(event)) this.#births.made(child, maker);
    }
  }

  /** The thread has ended, so another thread may get its id. */
  ended(pid: Pid): void {
    if (pid !== undefined && !this.#running.has(pid)) this.#births?.seen(pid);
    this.#leave(pid);
    this.#beginnings.delete(pid);
    this.#running.delete(pid);
    this.#latest = undefined;
    this.#fresh.delete(pid);
    this.#changed(pid);
  }

  /**
   * The log has ended. If it never showed what a thread began as, the program that the thread ran later stands for
   * that. Otherwise the program has no name.
   */
  finish(): void {
    this.#births?.finish();
    for (const pid of this.#beginnings.keys()) this.#leave(pid);
  }

  #runningOf(pid: Pid): Running | undefined {
    const running = this.#running.get(pid);
    return running && rootOf(running);
  }

  /** A thread about which nothing is known. */
  #begin(pid: Pid): Running {
    this.#unknown += 1;
    const beginning: Running = { program: undefined, group: -this.#unknown, callers: new Set(), same: undefined };
    this.#run(pid, beginning);
    this.#beginnings.set(pid, beginning);
    // Children that came before everything else were made by a process that is not in the log.
    if (pid !== undefined && this.#unknown + this.#known.size > 1) this.#births?.seen(pid);
    return rootOf(beginning);
  }

  /** A thread that runs the program `maker` made `child`. If `child` was seen before, it began as that program. */
  #make(child: Pid, maker: Running): void {
    const beginning = this.#beginnings.get(child);
    // The kernel reuses ids, so a thread may seem to have made its own maker.
    if (beginning !== undefined && rootOf(beginning) !== rootOf(maker)) {
      this.#beginnings.delete(child);
      becomes(beginning, maker);
    }
    if (this.#running.has(child)) this.#changed(child);
    else this.#run(child, rootOf(maker));
  }

  /** The log will not show what the thread began as. */
  #leave(pid: Pid): void {
    const beginning = this.#beginnings.get(pid);
    if (beginning === undefined) return;
    becomes(beginning, this.#knownAs(this.#runningOf(pid)?.program ?? unknownProgram));
  }

  #run(pid: Pid, running: Running): void {
    forgetOldest(this.#running, maxThreads, (oldest) => this.ended(oldest));
    this.#running.set(pid, running);
    this.#latest = undefined;
    this.#changed(pid);
  }

  #knownAs(program: string): Running {
    const known = this.#known.get(program);
    if (known !== undefined) return known;
    const hasRoom = this.#known.size < maxPrograms;
    const running: Running = {
      program,
      group: hasRoom ? this.#known.size + 1 : undefined,
      callers: new Set(),
      same: undefined,
    };
    if (hasRoom) this.#known.set(program, running);
    return running;
  }
}

function rootOf(running: Running): Running {
  let root = running;
  // This halves the way to the root for the next search.
  for (; root.same !== undefined; root = root.same) root.same = root.same.same ?? root.same;
  return root;
}

function addProgram(callers: Callers, running: Running): void {
  if (running.program === undefined) running.callers.add(callers);
  else callers.add(running.program);
}

/** The unknown program turned out to be the other one. */
function becomes(unknown: Running, other: Running): void {
  const [from, to] = [rootOf(unknown), rootOf(other)];
  if (from === to || from.program !== undefined) return;
  from.same = to;
  for (const callers of from.callers) addProgram(callers, to);
  from.callers.clear();
}

/** The thread that a call made. */
function madeBy({ name, result }: SyscallEvent): number | undefined {
  return isForkCall(name) && result.type === "value" && result.value > 0n ? Number(result.value) : undefined;
}

/** The path of the executed file. In execveat(2), a descriptor comes before the path. */
function executedFile(event: SyscallEvent): string {
  for (const index of [0, 1]) {
    const arg = event.arg(index);
    if (arg?.type === "string" && arg.bytes.length > 0) return Buffer.from(arg.bytes).toString("utf8");
  }
  return "";
}

const unknownProgram = "?";

/** At most this many programs are distinguished. */
const maxPrograms = 1_000;

/** The programs that made a call. */
export class Callers {
  readonly programs = new Set<string>();
  /** The program that was added last. The next call mostly comes from the same program. */
  #latest: string | undefined;

  add(program: string): void {
    if (program === this.#latest) return;
    this.#latest = program;
    if (!this.programs.has(program)) this.programs.add(this.programs.size < maxPrograms ? program : unknownProgram);
  }
}
