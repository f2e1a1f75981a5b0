import { describeValue, type ScmpArch } from "../tables/index.ts";
import { fewValues, low32 } from "./condition.ts";
import type { ArgCondition, Rule, SeccompData } from "./types.ts";

const low16 = 0xffffn;

/** The name of an argument everywhere: `arg0` is the first, as in `seccomp_data.args`. */
export function argumentName(index: number): string {
  return `arg${index}`;
}

/** The value of a call's argument: its name (`AF_INET`) if a table has one, otherwise the exact number. */
export function valueWords(call: string, index: number, value: bigint, arch?: ScmpArch): string {
  return describeValue(call, index, value, arch) ?? digits(value);
}

/**
 * A call as a program writes it: `socket(AF_INET, 0x80002)`. If only some arguments are `known`, dots stand for the
 * others: `socket(AF_NETLINK, …, 9)`.
 */
export function callWords({ arch, name, args }: SeccompData, known?: readonly number[]): string {
  const last = known ?? args.flatMap((value, index) => (value === 0n ? [] : [index]));
  const words = args
    .slice(0, Math.max(0, ...last) + 1)
    .map((value, index) => (known?.includes(index) === false ? "…" : valueWords(name, index, value, arch)));
  return `${name}(${words.join(", ")})`;
}

/**
 * An argument of a call with its value: `AF_INET`, or `arg1 = 5` if the value has no name. An empty set of flags has no
 * name. Without a call, no value has one.
 */
export function argumentWords(call: string | undefined, index: number, value: bigint, arch?: ScmpArch): string {
  const meaning = call === undefined ? undefined : describeValue(call, index, value, arch);
  return meaning === undefined || meaning === "0" ? `${argumentName(index)} = ${readable(value)}` : meaning;
}

/**
 * A rule, exact and with numbers: `arg0 = 2 (AF_INET) and arg1 & 0xf = 1`. `always` if it has no conditions. Without a
 * call, values have no names.
 */
export function formatRule({ conditions }: Rule, call?: string, arch?: ScmpArch): string {
  return conditions.length === 0
    ? "always"
    : conditions.map((condition) => formatCondition(condition, call, arch)).join(" and ");
}

/**
 * One condition, exact and with numbers. A mask of the low 32 bits reads as a plain comparison, because it compares a
 * 32-bit argument. A mask that leaves out one or two of these bits reads as the values that it joins: `arg0 in {2
 * (AF_INET), 0xa (AF_INET6)}`.
 */
function formatCondition(condition: ArgCondition, call: string | undefined, arch: ScmpArch | undefined): string {
  const { index, op } = condition;
  const name = argumentName(index);
  const meaning = (value: bigint): string | undefined =>
    call === undefined ? undefined : describeValue(call, index, value, arch);
  if (op !== "SCMP_CMP_MASKED_EQ")
    return `${name} ${signs[op]} ${withMeaning(condition.datum, meaning(condition.datum))}`;
  const { mask } = condition;
  const datum = condition.datum & mask;
  const values = joinedValues(condition);
  if (values !== undefined) return `${name} ${oneOf(values.map((value) => withMeaning(value, meaning(value))))}`;
  const bits = meaning(mask);
  return (
    `${name} & ${withMeaning(mask, bits === undefined || bits.length > 60 ? undefined : bits)} ` +
    `= ${withMeaning(datum, datum === 0n ? undefined : meaning(datum))}`
  );
}

/** The values of a comparison of the low 32 bits, if they are few. */
function joinedValues(condition: ArgCondition): readonly bigint[] | undefined {
  return condition.op === "SCMP_CMP_MASKED_EQ" && condition.mask <= low32 ? fewValues(condition) : undefined;
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? `= ${values.join()}` : `in {${values.join(", ")}}`;
}

const signs = {
  SCMP_CMP_NE: "≠",
  SCMP_CMP_LT: "<",
  SCMP_CMP_LE: "≤",
  SCMP_CMP_EQ: "=",
  SCMP_CMP_GE: "≥",
  SCMP_CMP_GT: ">",
} as const;

function withMeaning(value: bigint, meaning: string | undefined): string {
  const number = digits(value);
  return meaning === undefined || meaning === number ? number : `${number} (${meaning})`;
}

/**
 * One condition, for reading: `arg0 = AF_INET`, `arg0 without CLONE_NEWUSER`, `arg2 below 0x10`.
 */
export function conditionWords(call: string, condition: ArgCondition, arch?: ScmpArch): string {
  return `${argumentName(condition.index)} ${comparison(call, condition, arch)}`;
}

/**
 * The conditions of a call, as words that follow its name: `AF_INET`, `without PROT_EXEC`. They name the argument only
 * if its value has no name.
 */
export function limitWords(call: string, conditions: readonly ArgCondition[], arch?: ScmpArch): string {
  return conditions
    .map((condition) => {
      const words = comparison(call, condition, arch);
      const isNamed = describeValue(call, condition.index, comparedValue(condition), arch) !== undefined;
      return isNamed ? words.replace(/^= /, "") : `${argumentName(condition.index)} ${words}`;
    })
    .join(", ");
}

/** The number of a condition that words need: its datum, or the bits that must be clear. */
function comparedValue(condition: ArgCondition): bigint {
  if (condition.op !== "SCMP_CMP_MASKED_EQ") return condition.datum;
  const datum = condition.datum & condition.mask;
  return datum === 0n && condition.mask !== low32 && condition.mask !== low16 ? condition.mask : datum;
}

function comparison(call: string, condition: ArgCondition, arch: ScmpArch | undefined): string {
  const { index, op } = condition;
  const named = (value: bigint): string => describeValue(call, index, value, arch) ?? readable(value);
  if (op !== "SCMP_CMP_MASKED_EQ") return `${comparisonWords[op]} ${named(condition.datum)}`;
  const { mask } = condition;
  const datum = condition.datum & mask;
  const values = joinedValues(condition);
  if (values !== undefined) return oneOf(values.map(named));
  if (mask === low16) return `= ${named(datum)} in its lower half`;
  if (datum === 0n) return `without ${valueWords(call, index, mask, arch)}`;
  const bits = valueWords(call, index, datum, arch);
  return datum === mask ? `with ${bits}` : `with ${bits} of ${valueWords(call, index, mask, arch)}`;
}

const comparisonWords = {
  SCMP_CMP_NE: "not",
  SCMP_CMP_LT: "below",
  SCMP_CMP_LE: "at most",
  SCMP_CMP_EQ: "=",
  SCMP_CMP_GE: "at least",
  SCMP_CMP_GT: "above",
} as const;

/** People read flags in hexadecimal. */
function digits(value: bigint): string {
  return value < 10n ? `${value}` : `0x${value.toString(16)}`;
}

/** People know small numbers, such as those of protocols and options, in decimal: IPPROTO_SCTP is 132. */
function readable(value: bigint): string {
  return value < 1000n ? `${value}` : digits(value);
}
