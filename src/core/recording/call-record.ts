import type { ScmpArch } from "../tables/index.ts";
import { InspectedValues } from "./inspected-values.ts";
import { Callers } from "./programs.ts";
import { inspectedArguments } from "./inspected-arguments.ts";
import { knownResults } from "./results.ts";
import type { Phase, SyscallRecord } from "./types.ts";

/** A call and its result, as precisely as a recording keeps results. */
export interface Outcome {
  readonly record: CallRecord;
  /** The result's word in `SyscallRecord.results`. */
  readonly word: string;
}

/** A record keeps at most this many different results of a call. */
const maxResults = 1_000;

/** What is known about one call on one architecture. */
export class CallRecord {
  calls = 0;
  /** The line where a thread first entered the call. */
  line = Infinity;
  /** The results that its calls certainly had. */
  readonly results = new Set<string>();
  readonly callers = new Callers();
  readonly values = new InspectedValues();
  /** All outcomes so far, by word. The last outcome of a thread may still change. */
  readonly #outcomes = new Map<string, Outcome>();

  /** The outcome of this word. Beyond `maxResults` it is `undefined`, and calls are only counted. */
  outcomeOf(word: string): Outcome | undefined {
    const known = this.#outcomes.get(word);
    if (known !== undefined || this.#outcomes.size >= maxResults) return known;
    const outcome = { record: this, word };
    this.#outcomes.set(word, outcome);
    return outcome;
  }

  toRecord(arch: ScmpArch, name: string, first: Phase | undefined): SyscallRecord {
    const inspected = inspectedArguments(arch, name);
    const processes = [...this.callers.programs].sort();
    return {
      calls: 10 ** Math.floor(Math.log10(this.calls)),
      results: knownResults(this.results),
      processes,
      ...(first === undefined ? {} : { first }),
      ...(inspected === undefined ? {} : { args: this.values.toArgs(inspected.indices, processes) }),
    };
  }
}
