import { maxValue } from "./condition.ts";
import type { ArgCondition, Rule } from "./types.ts";

/**
 * The calls that match `whole` and none of `parts`, as rules. No two of these rules match the same call. Returns
 * `undefined` if the result needs comparisons other than by mask, or more than `maxRules` rules.
 */
export function without(whole: Rule, parts: readonly Rule[], maxRules: number): readonly Rule[] | undefined {
  let rest: readonly Cube[] | undefined = toCubes([whole]);
  for (const part of toCubes(parts) ?? [undefined]) {
    if (rest === undefined || part === undefined || rest.length > maxRules) return undefined;
    rest = rest.flatMap((cube) => subtract(cube, part));
  }
  return rest?.map(toRule);
}

/**
 * The calls that a list of rules leaves out, if they need fewer rules than the list has. For example, "not equal" needs
 * one rule for each bit.
 */
export function exceptionsOf(rules: readonly Rule[]): readonly Rule[] | undefined {
  if (rules.length < 4) return undefined;
  const rest = without({ conditions: [] }, rules, rules.length * 4);
  return rest === undefined || rest.length === 0 || rest.length > rules.length / 2 ? undefined : rest;
}

/** The given bits of each argument, and their values. */
type Cube = ReadonlyMap<ArgCondition["index"], { readonly mask: bigint; readonly datum: bigint }>;

function toCubes(rules: readonly Rule[]): readonly Cube[] | undefined {
  const cubes = rules.map((rule) => {
    const entries = rule.conditions.map((condition) => {
      if (condition.op === "SCMP_CMP_EQ") return [condition.index, { mask: maxValue, datum: condition.datum }] as const;
      return condition.op === "SCMP_CMP_MASKED_EQ"
        ? ([condition.index, { mask: condition.mask, datum: condition.datum & condition.mask }] as const)
        : undefined;
    });
    return entries.some((entry) => entry === undefined)
      ? undefined
      : new Map(entries.filter((entry) => entry !== undefined));
  });
  return cubes.some((cube) => cube === undefined) ? undefined : cubes.filter((cube) => cube !== undefined);
}

/**
 * The disjoint sharp product of two cubes. It has one piece for each bit that `part` gives and `from` leaves open,
 * beginning with the highest bit.
 */
function subtract(from: Cube, part: Cube): readonly Cube[] {
  const apart = [...part].some(([index, { mask, datum }]) => {
    const own = from.get(index);
    return own !== undefined && ((own.datum ^ datum) & own.mask & mask) !== 0n;
  });
  if (apart) return [from];
  const pieces: Cube[] = [];
  let rest = new Map(from);
  for (const [index, { mask, datum }] of part) {
    for (let bit = 1n << 63n; bit > 0n; bit >>= 1n) {
      const own = rest.get(index) ?? { mask: 0n, datum: 0n };
      if ((mask & bit) === 0n || (own.mask & bit) !== 0n) continue;
      pieces.push(new Map(rest).set(index, { mask: own.mask | bit, datum: own.datum | (~datum & bit) }));
      rest = new Map(rest).set(index, { mask: own.mask | bit, datum: own.datum | (datum & bit) });
    }
  }
  return pieces;
}

function toRule(cube: Cube): Rule {
  return {
    conditions: [...cube]
      .sort(([a], [b]) => a - b)
      .map(([index, { mask, datum }]) => ({ index, op: "SCMP_CMP_MASKED_EQ", mask, datum })),
  };
}
