import type { SyscallEvent } from "../../strace-parser/index.ts";
import { compatArch, libseccompName, type ScmpArch } from "../tables/index.ts";
import { CallRecord } from "./call-record.ts";
import { inspectedArguments, type Inspected } from "./inspected-arguments.ts";
import { mayHide } from "./log-facts.ts";
import { followsProgram } from "./programs.ts";
import { mayRevealTracer } from "./tracer-seekers.ts";
import type { Phase, SyscallRecord } from "./types.ts";

/** The meaning of a printed name. `unread`: why the recording cannot keep it. */
type Entry =
  | { readonly unread: string }
  | {
      readonly unread: undefined;
      readonly name: string;
      readonly record: CallRecord;
      readonly inspected: Inspected | undefined;
      /** True if the call shows which program runs, or as which user. */
      readonly followed: boolean;
      readonly accepts: boolean;
      readonly revealsTracer: boolean;
      readonly mayHide: boolean;
    };

/** The calls of a log, by architecture and name. */
export type Syscalls = { readonly [arch in ScmpArch]?: { readonly [name: string]: SyscallRecord } };

/** A kernel has fewer calls than this. */
const maxNames = 4_096;

/** The meaning of each printed name, and what is known about its call. */
export class CallTable {
  /** The calls in the order in which they were first seen. */
  readonly found: { readonly name: string; readonly record: CallRecord }[] = [];
  readonly #arch: ScmpArch;
  readonly #records: Map<ScmpArch, Map<string, CallRecord>>;
  /** Entries by mode and printed name. */
  readonly #entries = new Map<string, Map<string, Entry>>();
  /** The mode of the last call. The next call mostly has the same. */
  #mode: string | undefined;
  #ofMode = new Map<string, Entry>();

  constructor(arch: ScmpArch) {
    this.#arch = arch;
    this.#records = new Map([[arch, new Map()]]);
  }

  entryOf({ name: printed, personality }: SyscallEvent): Entry {
    if (personality !== this.#mode) {
      this.#mode = personality;
      this.#ofMode = this.#entries.get(personality) ?? new Map<string, Entry>();
      this.#entries.set(personality, this.#ofMode);
    }
    const known = this.#ofMode.get(printed);
    if (known !== undefined) return known;
    if (this.#ofMode.size >= maxNames) return { unread: "more different calls than any architecture has" };
    const entry = this.#makeEntry(printed, compatArch(this.#arch, personality));
    this.#ofMode.set(printed, entry);
    return entry;
  }

  #makeEntry(printed: string, entered: ScmpArch | undefined): Entry {
    if (entered === undefined) return { unread: `a call in a mode that ${this.#arch} does not have` };
    if (printed.startsWith("???")) return { unread: "strace could not tell which call this is" };
    // A call that no profile can name keeps strace's name. The policy reports it.
    const name = libseccompName(entered, printed) ?? printed;
    return {
      unread: undefined,
      name,
      record: this.#recordOf(entered, name),
      inspected: inspectedArguments(entered, name),
      followed: followsProgram(printed),
      accepts: name === "accept" || name === "accept4",
      revealsTracer: mayRevealTracer(name),
      mayHide: mayHide(name),
    };
  }

  #recordOf(entered: ScmpArch, name: string): CallRecord {
    const byName = this.#records.get(entered) ?? new Map<string, CallRecord>();
    this.#records.set(entered, byName);
    const known = byName.get(name);
    if (known !== undefined) return known;
    const record = new CallRecord();
    byName.set(name, record);
    this.found.push({ name, record });
    return record;
  }

  /** `phaseOf` gives the phase of a line at which a call was first made. */
  toSyscalls(phaseOf: (line: number) => Phase | undefined): Syscalls {
    return Object.fromEntries(
      sorted(this.#records).map(([arch, byName]) => [
        arch,
        Object.fromEntries(
          sorted(byName).map(([name, record]) => [name, record.toRecord(arch, name, phaseOf(record.line))]),
        ),
      ]),
    ) as Syscalls;
  }
}

function sorted<K extends string, T>(map: ReadonlyMap<K, T>): [K, T][] {
  return Array.from(map).sort(([a], [b]) => (a < b ? -1 : 1));
}
