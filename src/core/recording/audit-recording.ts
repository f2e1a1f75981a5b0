import { basename } from "node:path";
import { inspectedArguments } from "./inspected-arguments.ts";
import type { Recording, Run, SyscallRecord } from "./types.ts";
import type { ScmpArch } from "../tables/index.ts";
import { readJournalEntry, readLine, type AuditEntry } from "./audit-line.ts";

/** The programs whose lines count. `undefined` if all lines count. */
export interface AuditFilter {
  /** The thread's name. */
  readonly comm: readonly string[];
  /** The program's path, in its container. */
  readonly exe: readonly string[];
  readonly pid: readonly number[];
}

/** The findings in logs. */
export interface AuditFindings {
  readonly syscalls: Recording["syscalls"];
  readonly entries: number;
  /** The number of entries of other programs. */
  readonly filtered: number;
  /**
   * The number of calls that a filter denied. Programs' own sandboxes deny calls on purpose, so the log does not show
   * whether the program needed the call.
   */
  readonly denied: number;
  readonly unread: readonly { readonly line: number; readonly reason: string }[];
  readonly unreadTotal: number;
  /** The number of lines that report lost lines. */
  readonly losses: number;
  /** Calls that a profile would pin by arguments. The log has no arguments. */
  readonly withoutArguments: readonly string[];
}

/** A longer line is not from the kernel, and is skipped. */
const maxLine = 64 * 1024;
const maxUnread = 5;
const maxPrograms = 1_000;

/** Collects the kernel's lines about seccomp from any logs. No bytes make it throw. */
export class AuditCollector {
  readonly #filter: AuditFilter;
  readonly #seen = new Map<ScmpArch, Map<string, { calls: number; readonly processes: Set<string> }>>();
  readonly #unread: { readonly line: number; readonly reason: string }[] = [];
  #entries = 0;
  #filtered = 0;
  #unreadTotal = 0;
  #losses = 0;
  #denied = 0;

  constructor(filter: AuditFilter) {
    this.#filter = filter;
  }

  /** Reads one log to its end. */
  async read(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder("utf-8");
    let rest = "";
    let number = 0;
    for await (const chunk of chunks) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > maxLine) rest = rest.slice(0, maxLine + 1);
      for (const line of lines) this.#line(line, (number += 1));
    }
    if (rest !== "") this.#line(rest, number + 1);
  }

  #line(text: string, number: number): void {
    if (text.length > maxLine) return;
    const line = text.replace(/\r$/, "");
    const read = line.startsWith("{") ? readJournalEntry(line) : readLine(line);
    if (read.kind === "entry") this.#add(read.entry);
    else if (read.kind === "lost") this.#losses += 1;
    else if (read.kind === "unread") {
      this.#unreadTotal += 1;
      if (this.#unread.length < maxUnread) this.#unread.push({ line: number, reason: read.reason });
    }
  }

  #add(entry: AuditEntry): void {
    this.#entries += 1;
    const { comm, exe, pid } = this.#filter;
    if (
      (comm.length > 0 && !comm.includes(entry.comm)) ||
      (exe.length > 0 && !exe.includes(entry.exe)) ||
      (pid.length > 0 && !pid.includes(entry.pid))
    ) {
      this.#filtered += 1;
      return;
    }
    if (entry.action !== actionLog) {
      this.#denied += 1;
      return;
    }
    const calls = this.#seen.get(entry.arch) ?? new Map<string, { calls: number; readonly processes: Set<string> }>();
    this.#seen.set(entry.arch, calls);
    const call = calls.get(entry.syscall) ?? { calls: 0, processes: new Set<string>() };
    calls.set(entry.syscall, call);
    call.calls += 1;
    const program = basename(entry.exe) || entry.comm || "?";
    call.processes.add(call.processes.size < maxPrograms ? program : "?");
  }

  findings(): AuditFindings {
    const sorted = [...this.#seen].sort(([a], [b]) => (a < b ? -1 : 1));
    const withoutArguments = new Set<string>();
    const syscalls = sorted.map(([arch, calls]) => [
      arch,
      Object.fromEntries(
        [...calls]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, call]): [string, SyscallRecord] => {
            const inspected = inspectedArguments(arch, name);
            if (inspected !== undefined) withoutArguments.add(name);
            return [
              name,
              {
                calls: 10 ** Math.floor(Math.log10(call.calls)),
                results: ["?"],
                processes: [...call.processes].sort(),
                ...(inspected === undefined ? {} : { args: { indices: inspected.indices, values: "many" } }),
              },
            ];
          }),
      ),
    ]);
    return {
      syscalls: Object.fromEntries(syscalls) as Recording["syscalls"],
      entries: this.#entries,
      filtered: this.#filtered,
      denied: this.#denied,
      unread: this.#unread,
      unreadTotal: this.#unreadTotal,
      losses: this.#losses,
      withoutArguments: [...withoutArguments].sort(),
    };
  }
}

/** SECCOMP_RET_LOG (linux/seccomp.h): the call was allowed and logged. Its result is unknown. */
const actionLog = 0x7ffc_0000;

/**
 * The findings as a recording. If it will join a known recording, it takes over the facts that all runs of that
 * recording share.
 */
export function auditRecording(name: string, findings: AuditFindings, known: Recording | undefined): Recording {
  const runs = known?.runs ?? [];
  const common = <Value>(of: (run: Run) => Value): Value | undefined => {
    const [first] = runs;
    return first !== undefined && runs.every((run) => JSON.stringify(of(run)) === JSON.stringify(of(first)))
      ? of(first)
      : undefined;
  };
  const [capabilities, noNewPrivileges, init] = [
    common((run) => run.capabilities),
    common((run) => run.noNewPrivileges),
    common((run) => run.init),
  ];
  const run: Run = {
    source: "audit",
    command: [],
    versions: {},
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(noNewPrivileges === undefined ? {} : { noNewPrivileges }),
    ...(init === undefined ? {} : { init }),
    ended: "cut",
  };
  return { version: 1, name, runs: [run], syscalls: findings.syscalls };
}
