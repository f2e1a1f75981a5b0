import { argumentBits, intArgumentsOf, syscallNumber } from "../tables/index.ts";
import { isAllowing } from "./action.ts";
import { callArgs, hasWideArguments } from "./args.ts";
import { evaluate } from "./evaluate.ts";
import { answersOf, callsOf } from "./partition.ts";
import type { ArgCondition, ArgIndex, Filter, SeccompData } from "./types.ts";

/**
 * A call that the filter denies, but allows with an upper bit set in some arguments. The filter compares 64 bits. The
 * kernel looks at 32 (at 16 of a file's mode) and makes the same call in both cases.
 */
export interface PassedCall {
  /** The arguments that rules ask for. The others may be anything, or are zero. */
  readonly args: readonly { readonly index: ArgIndex; readonly value: bigint }[];
  /** The arguments with an upper bit set. */
  readonly set: readonly ArgIndex[];
  /** An allowed call with its upper bits. */
  readonly witness: SeccompData;
}

/** At most this many sets of values are tried for one call, and this many values of one argument. */
const [maxTries, maxValues] = [4096, 512];

/**
 * Calls near the values that rules name, which pass with upper bits. Calls that one argument alone denies come first,
 * then those that several arguments deny together.
 */
export function passedByUpperBits(filter: Filter, name: string): readonly PassedCall[] {
  const calls = told.get(filter) ?? new Map<string, readonly PassedCall[]>();
  told.set(filter, calls);
  const known = calls.get(name) ?? find(filter, name);
  calls.set(name, known);
  return known;
}

/** What was found already, because every group that names a call asks the same question. */
const told = new WeakMap<Filter, Map<string, readonly PassedCall[]>>();

function find(filter: Filter, name: string): readonly PassedCall[] {
  const conditions = (filter.syscalls.get(name) ?? []).flatMap(({ rule }) => rule.conditions);
  const asked = [...new Set(conditions.map(({ index }) => index))].sort((a, b) => a - b);
  const ints = asked.filter(
    (index) =>
      intArgumentsOf(name, filter.arch).includes(index) &&
      (hasWideArguments(filter.arch) || argumentBits(name, index) < 32),
  );
  if (ints.length === 0) return [];
  const near = new Map(asked.map((index) => [index, valuesNear(conditions, index, upperBit(name, index))]));
  const alone = ints.flatMap((index) => passedAlone(filter, name, index, near.get(index) ?? []));
  if (asked.length < 2) return alone;
  const known = new Set(alone.map(({ args: [first] }) => `${first?.index} ${first?.value}`));
  return [...alone, ...passedTogether(filter, name, { ints, near, known })];
}

/** The lowest bit that the kernel does not look at. */
function upperBit(name: string, index: ArgIndex): bigint {
  return 1n << BigInt(argumentBits(name, index));
}

/** The values that conditions name and those next to them, below `limit`. */
function valuesNear(conditions: readonly ArgCondition[], index: ArgIndex, limit: bigint): readonly bigint[] {
  const named = conditions.filter((condition) => condition.index === index);
  return [
    ...new Set(
      named
        .flatMap((condition) =>
          condition.op === "SCMP_CMP_MASKED_EQ"
            ? [condition.datum & condition.mask]
            : [condition.datum - 1n, condition.datum, condition.datum + 1n],
        )
        .filter((value) => value >= 0n && value < limit),
    ),
  ]
    .sort((a, b) => (a < b ? -1 : 1))
    .slice(0, maxValues);
}

function passedAlone(filter: Filter, name: string, index: ArgIndex, values: readonly bigint[]): readonly PassedCall[] {
  const lets = (value: bigint): boolean => answersOf(filter, name, new Map([[index, value]])).some(isAllowing);
  const bit = upperBit(name, index);
  return values
    .filter((value) => !lets(value) && lets(value | bit))
    .map((value) => ({
      args: [{ index, value }],
      set: [index],
      witness: allowedCall(filter, name, new Map([[index, value | bit]])),
    }));
}

function passedTogether(
  filter: Filter,
  name: string,
  {
    ints,
    near,
    known,
  }: {
    readonly ints: readonly ArgIndex[];
    readonly near: ReadonlyMap<ArgIndex, readonly bigint[]>;
    readonly known: ReadonlySet<string>;
  },
): readonly PassedCall[] {
  const nr = syscallNumber(filter.arch, name);
  const ask = (values: ReadonlyMap<ArgIndex, bigint>): SeccompData => ({
    arch: filter.arch,
    name,
    nr,
    args: callArgs(Object.fromEntries(values)),
  });
  const found: PassedCall[] = [];
  for (const values of combinations(near)) {
    if ([...values].some(([index, value]) => known.has(`${index} ${value}`))) continue;
    if (isAllowing(evaluate(filter, ask(values)))) continue;
    for (const set of subsets(ints)) {
      const raised = new Map(
        [...values].map(([index, value]) => [index, set.includes(index) ? value | upperBit(name, index) : value]),
      );
      const witness = ask(raised);
      if (!isAllowing(evaluate(filter, witness))) continue;
      found.push({ args: [...values].map(([index, value]) => ({ index, value })), set, witness });
      break;
    }
  }
  return found;
}

/** Every choice of one value for each argument. If there are too many, the first ones. */
function combinations(near: ReadonlyMap<ArgIndex, readonly bigint[]>): readonly ReadonlyMap<ArgIndex, bigint>[] {
  return [...near].reduce<readonly ReadonlyMap<ArgIndex, bigint>[]>(
    (all, [index, values]) =>
      all.flatMap((chosen) => values.map((value) => new Map(chosen).set(index, value))).slice(0, maxTries),
    [new Map()],
  );
}

/** All non-empty sets of arguments, small ones first. */
function subsets(indexes: readonly ArgIndex[]): readonly (readonly ArgIndex[])[] {
  return indexes
    .reduce<readonly (readonly ArgIndex[])[]>((sets, index) => [...sets, ...sets.map((set) => [...set, index])], [[]])
    .filter(({ length }) => length > 0)
    .sort((a, b) => a.length - b.length);
}

function allowedCall(filter: Filter, name: string, known: ReadonlyMap<ArgIndex, bigint>): SeccompData {
  const nr = syscallNumber(filter.arch, name);
  const calls = callsOf(filter, name, known).map((args) => ({ arch: filter.arch, name, nr, args }));
  const call = calls.find((each) => isAllowing(evaluate(filter, each)));
  if (call === undefined) throw new RangeError(`no call of ${name} that passes`);
  return call;
}
