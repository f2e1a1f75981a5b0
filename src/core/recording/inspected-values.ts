import { argNumber, type Arg, type SyscallEvent } from "../../strace-parser/index.ts";
import { symbolValue } from "../tables/index.ts";
import type { Inspected } from "./inspected-arguments.ts";
import { argValues } from "./made-by.ts";
import { Callers } from "./programs.ts";
import { maxValues, type ArgTuple, type ArgValues } from "./types.ts";

/** At most this many arguments are recognised by identity. The parser shares equal ones, but forgets them at times. */
const maxKnownArgs = 256;

/** The values of a call's inspected arguments, and the programs that passed them. */
export class InspectedValues {
  /** True if there are too many values to tell them apart. */
  areMany = false;
  /** The first line with an unreadable value. */
  unreadAt: number | undefined;
  readonly #tuples = new Map<string, { readonly tuple: ArgTuple; readonly callers: Callers }>();
  /** The programs that made calls with at most two inspected arguments, by the first argument and then the second. */
  readonly #known = new Map<Arg, Map<Arg, Callers>>();

  /** `processes`: all programs that made the call. */
  toArgs(indices: readonly number[], processes: readonly string[]): ArgValues {
    if (this.areMany) return { indices, values: "many" };
    const made = [...this.#tuples.values()].map(({ tuple, callers }) => ({
      tuple,
      programs: [...callers.programs].sort(),
    }));
    return argValues(indices, made, processes);
  }

  /** The programs that make calls with these values. `undefined` if there are too many values. */
  add(event: SyscallEvent, name: string, inspected: Inspected): Callers | undefined {
    if (this.areMany) return undefined;
    const { indices } = inspected;
    const first = argAt(event, inspected, 0);
    const second = indices.length > 1 ? argAt(event, inspected, 1) : first;
    const isPair = indices.length <= 2;
    const known =
      isPair && first !== undefined && second !== undefined ? this.#known.get(first)?.get(second) : undefined;
    if (known !== undefined) return known;
    const args = [first, second];
    const values: (bigint | null)[] = [];
    for (const [position, index] of indices.entries()) {
      const arg = args[position] ?? argAt(event, inspected, position);
      const value =
        arg === undefined
          ? undefined
          : argNumber(arg, (symbol) =>
              inspected.ownNumbers?.includes(index) === true ? undefined : symbolValue(name, index, symbol),
            );
      if (value === undefined) this.unreadAt ??= event.source.line;
      // strace shows the low 32 bits of int-like arguments, negative ones with their sign. An unreadable argument may
      // be any value. It says nothing about the other arguments.
      values.push(value === undefined ? null : BigInt.asUintN(value < 0n ? 32 : 64, value));
    }
    const key = values.join();
    const callers = this.#tuples.get(key)?.callers ?? new Callers();
    this.#tuples.set(key, { tuple: values, callers });
    if (isPair && first !== undefined && second !== undefined) this.#remember(first, second, callers);
    if (this.#tuples.size <= maxValues) return callers;
    this.areMany = true;
    this.#tuples.clear();
    this.#known.clear();
    return undefined;
  }

  #remember(first: Arg, second: Arg, callers: Callers): void {
    if (this.#known.size >= maxKnownArgs) this.#known.clear();
    const seconds = this.#known.get(first) ?? new Map<Arg, Callers>();
    if (seconds.size >= maxKnownArgs) seconds.clear();
    this.#known.set(first, seconds.set(second, callers));
  }
}

function argAt(event: SyscallEvent, { indices, names }: Inspected, position: number): Arg | undefined {
  const index = indices[position];
  if (index === undefined) return undefined;
  return names === undefined ? event.arg(index) : event.argNamed(names[position] ?? "");
}
