import { argNumber, type Arg, type SyscallEvent } from "../../strace-parser/index.ts";
import { symbolValue } from "../tables/index.ts";
import type { Inspected } from "./inspected-arguments.ts";
import { compareTuples } from "./tuples.ts";
import { maxValues, type ArgTuple } from "./types.ts";

/** The parser makes equal arguments once, but not for ever. */
const maxKnownArgs = 256;

/** With which values of its inspected arguments a call was made. */
export class InspectedValues {
  /** There are too many to be told apart. */
  areMany = false;
  /** The first line with a value that cannot be read. */
  unreadAt: number | undefined;
  readonly #tuples = new Map<string, ArgTuple>();
  /** The first two arguments, one after the other, whose values are known already. */
  readonly #known = new Map<Arg, Set<Arg>>();

  /** The distinct tuples in numeric order. */
  sorted(): readonly ArgTuple[] | "many" {
    return this.areMany ? "many" : [...this.#tuples.values()].sort(compareTuples);
  }

  add(event: SyscallEvent, name: string, inspected: Inspected): void {
    if (this.areMany) return;
    const { indices } = inspected;
    const first = argAt(event, inspected, 0);
    const second = indices.length > 1 ? argAt(event, inspected, 1) : first;
    if (first !== undefined && second !== undefined && this.#known.get(first)?.has(second) === true) return;
    const args = [first, second];
    const values: (bigint | null)[] = [];
    for (const [position, index] of indices.entries()) {
      const arg = args[position] ?? argAt(event, inspected, position);
      const value =
        arg === undefined
          ? undefined
          : argNumber(arg, (symbol) => (inspected.ownNumbers ? undefined : symbolValue(name, index, symbol)));
      if (value === undefined) this.unreadAt ??= event.source.line;
      // strace shows the low 32 bits of int-like arguments, negative ones with their sign. What cannot
      // be read may be any value, but says nothing of the other arguments.
      values.push(value === undefined ? null : BigInt.asUintN(value < 0n ? 32 : 64, value));
    }
    this.#tuples.set(values.join(), values);
    if (first !== undefined && second !== undefined) this.#remember(first, second);
    if (this.#tuples.size <= maxValues) return;
    this.areMany = true;
    this.#tuples.clear();
  }

  #remember(first: Arg, second: Arg): void {
    if (this.#known.size >= maxKnownArgs) this.#known.clear();
    const seconds = this.#known.get(first) ?? new Set();
    if (seconds.size >= maxKnownArgs) seconds.clear();
    this.#known.set(first, seconds.add(second));
  }
}

function argAt(event: SyscallEvent, { indices, names }: Inspected, position: number): Arg | undefined {
  const index = indices[position];
  if (!event.argsComplete || index === undefined) return undefined;
  return names === undefined ? event.arg(index) : event.argNamed(names[position] ?? "");
}
