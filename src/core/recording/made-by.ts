import { compareTuples } from "./tuples.ts";
import { maxValues, type ArgTuple, type ArgValues, type SyscallRecord } from "./types.ts";

/** One tuple of arguments, and the programs that made the call with it. Empty if they are unknown. */
export interface MadeBy {
  readonly tuple: ArgTuple;
  readonly programs: readonly string[];
}

/** The programs that made the call, by arguments. `undefined` if there are no arguments to tell apart. */
export function madeBy({ processes, args }: Pick<SyscallRecord, "processes" | "args">): readonly MadeBy[] | undefined {
  if (args === undefined || args.values === "many") return undefined;
  // If only one program made the call, it made it with all arguments.
  const whoever = processes.length === 1 ? processes : [];
  return args.values.map((tuple, at) => ({ tuple, programs: args.by?.[at] ?? whoever }));
}

/** The arguments as a recording keeps them, in canonical order. `by` is left out if `processes` says the same. */
export function argValues(
  indices: readonly number[],
  made: readonly MadeBy[],
  processes: readonly string[],
): ArgValues {
  if (made.length > maxValues) return { indices, values: "many" };
  const sorted = [...made].sort((a, b) => compareTuples(a.tuple, b.tuple));
  const by = sorted.map(({ programs }) => programs);
  const whoever = processes.length === 1 ? processes : [];
  const isPlain = by.every((programs) => programs.join("\n") === whoever.join("\n"));
  return { indices, values: sorted.map(({ tuple }) => tuple), ...(isPlain ? {} : { by }) };
}
