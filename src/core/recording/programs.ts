import { basename } from "node:path";
import { Births } from "./births.ts";
import { makesUntraced } from "./log-facts.ts";
import { forgetOldest, isForkCall, maxThreads, type SyscallEvent, type Tracee } from "../../strace-parser/index.ts";

/** A program that ran, and what it got from its first getuid(2) or geteuid(2), if it asked. */
export interface ExecutedProgram {
  readonly path: string;
  asRoot: boolean;
  asUser: boolean;
}

/** The call shows which program runs, or as which user. */
export function followsProgram(name: string): boolean {
  return name.startsWith("execve") || isForkCall(name) || name === "getuid" || name === "geteuid";
}

type Pid = number | undefined;

/** The program of threads that certainly run the same one, known or not. They share one object. */
interface Running {
  /** `undefined` if it is not known yet. */
  program: string | undefined;
  /** The number that `groupOf` returns. */
  readonly group: number | undefined;
  /** The calls of these threads. They get the program as soon as it is known. */
  readonly callers: Set<Callers>;
  /** The object that turned out to be the same program. */
  same: Running | undefined;
}

/** At most this many different paths are kept. */
const maxExecuted = 10_000;

/**
 * The program of each thread: the base name of what the thread executed last, or its parent did. A child's calls often
 * stand in the log before the clone that made the child returns. They get their program then, or when the parent's is
 * known.
 */
export class Programs {
  readonly #running = new Map<Pid, Running>();
  /** What a thread began as, if that is not known yet. Each is separate from all others. */
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
  /** For a log whose ids differ from those that calls return. */
  readonly #births: Births<Running> | undefined;

  /**
   * `changed` gets each thread that certainly runs another program from now on, or none. `outside`: strace ran in
   * another PID namespace than the program.
   */
  constructor(changed: (pid: Pid) => void = () => undefined, { outside = false } = {}) {
    this.#changed = changed;
    this.#births = outside ? new Births((child, maker) => this.#make(child, maker)) : undefined;
  }

  /** The executed programs, by path. They stay in memory: a recording holds no paths. */
  executed(): readonly ExecutedProgram[] {
    return [...this.#executed.values()];
  }

  /** Notes a thread, whose first line may show a call that gets no program. */
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
   * A group of threads. `attribute` gives all of them the same program, now and as soon as it is known. `undefined` if
   * the thread's next call may belong to another program.
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

  /** Another process may get the id. */
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
   * The log has ended. A thread that began as an unknown program began as what it ran later, or as a program without a
   * name.
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

  /**
   * Another thread, which runs this program, made the thread. If the thread was seen before, this is what it began as.
   */
  #make(child: Pid, maker: Running): void {
    const beginning = this.#beginnings.get(child);
    // Ids are used again, so a thread may seem to have made the thread that made it.
    if (beginning !== undefined && rootOf(beginning) !== rootOf(maker)) {
      this.#beginnings.delete(child);
      becomes(beginning, maker);
    }
    if (this.#running.has(child)) this.#changed(child);
    else this.#run(child, rootOf(maker));
  }

  /** What the thread began as will stay unknown. */
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
  // next time, half as far
  for (; root.same !== undefined; root = root.same) root.same = root.same.same ?? root.same;
  return root;
}

function addProgram(callers: Callers, running: Running): void {
  if (running.program === undefined) running.callers.add(callers);
  else callers.add(running.program);
}

/** The unknown program is the same as the other one. */
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

/** The path. In execveat(2) a descriptor comes before it. */
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
  /** The program that was added last. It mostly comes again. */
  #latest: string | undefined;

  add(program: string): void {
    if (program === this.#latest) return;
    this.#latest = program;
    if (!this.programs.has(program)) this.programs.add(this.programs.size < maxPrograms ? program : unknownProgram);
  }
}
