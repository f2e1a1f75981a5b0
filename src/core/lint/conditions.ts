import {
  groupApplies,
  toAction,
  toRules,
  type DockerArg,
  type DockerProfile,
  type HostContext,
} from "../profile/index.ts";
import {
  callArgs,
  callsOf,
  evaluate,
  impliedByAny,
  isAllowing,
  maxValue,
  type ArgCondition,
  type Filter,
  type SeccompData,
} from "../seccomp/index.ts";
import { intArgumentsOf, pointerArgumentsOf, syscallNumber } from "../tables/index.ts";
import type { Finding, Witness } from "./types.ts";

/** One condition of a group that applies. */
interface Asked {
  readonly filter: Filter;
  /** The names of the group that the architecture has. */
  readonly names: readonly string[];
  readonly pointer: string;
  readonly denies: boolean;
  readonly condition: ArgCondition;
  /** The other conditions of its rule. */
  readonly beside: readonly ArgCondition[];
}

/** Finds conditions that do not mean what they seem to mean. */
export function strangeConditions(profile: DockerProfile, host: HostContext, filter: Filter): readonly Finding[] {
  return profile.syscalls.flatMap((group, at) => {
    if (!groupApplies(group, host)) return [];
    const names = [...new Set(group.names)].filter((name) => syscallNumber(filter.arch, name) !== undefined);
    const denies = !isAllowing(toAction(group.action, group.errnoRet, host.arch));
    const rules = toRules(group.args);
    return (group.args ?? []).flatMap((arg, position) => {
      const condition = toRules([arg])[0]?.conditions[0];
      if (condition === undefined || names.length === 0) return [];
      const rule = rules.length === 1 ? rules[0] : rules[position];
      const beside = (rule?.conditions ?? []).filter(({ index }) => index !== condition.index);
      const pointer = `/syscalls/${at}/args/${position}`;
      const asked = { filter, names, pointer, denies, condition, beside };
      return [
        ...pointerCondition(asked, arg),
        ...deadCondition(asked, arg),
        ...invertedMask(asked),
        ...maskOfAll(asked),
      ];
    });
  });
}

/**
 * Does the condition ask for NULL, or whether the address is the kernel's? No other question about an address means
 * anything. The kernel's addresses differ from the program's in their highest bits.
 */
function meansSomething({ op, value, valueTwo = 0n }: DockerArg): boolean {
  return op === "SCMP_CMP_MASKED_EQ"
    ? (valueTwo === 0n && (value === maxValue || value === low32)) || (value > 0n && value % kernelHalf === 0n)
    : value === 0n || (value === 1n && (op === "SCMP_CMP_LT" || op === "SCMP_CMP_GE"));
}

const low32 = 0xffff_ffffn;
/** No program's address has this bit or a higher one, except for tags (Documentation/arch/x86/x86_64/mm.rst). */
const kernelHalf = 1n << 55n;

function pointerCondition({ filter, names, pointer, condition: { index } }: Asked, arg: DockerArg): readonly Finding[] {
  if (meansSomething(arg)) return [];
  const calls = names.filter((name) => pointerArgumentsOf(name).includes(index));
  const [first] = calls;
  if (first === undefined) return [];
  const answers = callsOf(filter, first).map((args) => witness(filter, first, args));
  const apart = [true, false].flatMap((allowed) => {
    const one = answers.find(({ answer }) => isAllowing(answer) === allowed);
    return one === undefined ? [] : [one];
  });
  return [
    {
      kind: "pointer-condition",
      severity: "error",
      pointer,
      names: calls,
      index,
      apart: apart.length === 2 ? apart : [],
    },
  ];
}

/** Conditions that no value meets, or every value. A value has 64 bits, or those that the kernel looks at. */
function deadCondition({ filter, names, pointer, condition }: Asked, arg: DockerArg): readonly Finding[] {
  // Masks of 0, and values with bits outside the mask.
  if (arg.op === "SCMP_CMP_MASKED_EQ" && (arg.value === 0n || ((arg.valueTwo ?? 0n) & ~arg.value) !== 0n)) return [];
  const { index } = condition;
  const of = (holds: "never" | "always", ints: boolean, calls: readonly string[]): readonly Finding[] =>
    calls.length === 0
      ? []
      : [{ kind: "dead-condition", severity: "warning", pointer, names: calls, index, holds, ints, condition }];
  if (impliedByAny({ conditions: [] }, [{ conditions: [condition] }])) return of("always", false, names);
  if (isNever(condition)) return of("never", false, names);
  const ints = names.filter((name) => intArgumentsOf(name, filter.arch).includes(index));
  if (isBeyondInts(condition)) return of("never", true, ints);
  return [];
}

function isNever({ op, datum }: ArgCondition): boolean {
  return (op === "SCMP_CMP_LT" && datum === 0n) || (op === "SCMP_CMP_GT" && datum === maxValue);
}

/** Is the condition met only by values that no int has, unless the int was extended with its sign? */
function isBeyondInts(condition: ArgCondition): boolean {
  const { op, datum } = condition;
  const isNegative = datum >= maxValue - 0x7fff_ffffn;
  switch (op) {
    case "SCMP_CMP_EQ":
    case "SCMP_CMP_GE":
      return datum > low32 && !isNegative;
    case "SCMP_CMP_GT":
      return datum >= low32 && !isNegative;
    case "SCMP_CMP_MASKED_EQ":
      return datum > low32 && !(datum >> 32n === condition.mask >> 32n && condition.mask >> 32n === low32);
    case "SCMP_CMP_LE":
    case "SCMP_CMP_LT":
    case "SCMP_CMP_NE":
      return false;
    default:
      return op satisfies never;
  }
}

/** CLONE_NEW* of sched.h: the namespaces that a call makes. */
const namespaceFlags = 0x7e02_0080n;

/** The author gave the mask, but not the value that its bits must have. The rule then means all other calls. */
function invertedMask(asked: Asked): readonly Finding[] {
  const { filter, names, pointer, denies, condition, beside } = asked;
  if (condition.op !== "SCMP_CMP_MASKED_EQ") return [];
  const { index, mask } = condition;
  const datum = condition.datum & mask;
  const isForgotten = denies && datum === 0n && isFlags(mask);
  const isAll = !denies && datum === mask && bitsOf(mask).length > 2 && (mask & ~namespaceFlags) === 0n;
  if (!isForgotten && !isAll) return [];
  const calls = names.flatMap((name) => {
    const [without, withAll] = [0n, mask].map((value) => witness(filter, name, argsWith(beside, index, value)));
    if (without === undefined || withAll === undefined) return [];
    if (isAllowing(without.answer) || !isAllowing(withAll.answer)) return [];
    return [{ name, passes: withAll, denied: without }];
  });
  const [first] = calls;
  if (first === undefined) return [];
  const { passes, denied } = first;
  return [
    {
      kind: "inverted-mask",
      severity: "error",
      pointer,
      names: calls.map(({ name }) => name),
      action: denies ? "deny" : "allow",
      index,
      mask,
      meant: denies ? mask : 0n,
      passes,
      denied,
    },
  ];
}

/** A rule that denies several namespaces at once, but not a call that makes only one of them. */
function maskOfAll({ filter, names, pointer, denies, condition, beside }: Asked): readonly Finding[] {
  if (!denies || condition.op !== "SCMP_CMP_MASKED_EQ") return [];
  const { index, mask } = condition;
  const isAll = (condition.datum & mask) === mask && (mask & ~namespaceFlags) === 0n && bitsOf(mask).length > 1;
  if (!isAll) return [];
  const calls = names.flatMap((name) => {
    const passes = bitsOf(mask)
      .map((bit) => witness(filter, name, argsWith(beside, index, bit)))
      .find(({ answer }) => isAllowing(answer));
    return passes === undefined ? [] : [{ name, passes }];
  });
  const [first] = calls;
  return first === undefined
    ? []
    : [
        {
          kind: "mask-of-all",
          severity: "error",
          pointer,
          names: calls.map(({ name }) => name),
          index,
          mask,
          passes: first.passes,
        },
      ];
}

/** Adjacent low bits are a number, such as a socket's type. Other bits are flags. */
function isFlags(mask: bigint): boolean {
  return mask !== 0n && (mask === 1n || (mask & (mask + 1n)) !== 0n);
}

function bitsOf(mask: bigint): readonly bigint[] {
  return Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit)).filter((bit) => (mask & bit) !== 0n);
}

function argsWith(beside: readonly ArgCondition[], index: number, value: bigint): SeccompData["args"] {
  return callArgs(Object.fromEntries([...beside.map((one) => [one.index, one.datum]), [index, value]]));
}

function witness(filter: Filter, name: string, args: SeccompData["args"]): Witness {
  const call = { arch: filter.arch, name, nr: syscallNumber(filter.arch, name), args };
  return { call, answer: evaluate(filter, call) };
}
