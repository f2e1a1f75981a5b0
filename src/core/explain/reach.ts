import { allowsSome, type ArgCondition, type Filter, type Rule } from "../seccomp/index.ts";
import {
  cloneFlagsIndex,
  multiplexerOf,
  spellingsOf,
  syscallNumber,
  userNamespaceCalls,
  type RequiredCall,
  type ScmpArch,
  type Vulnerability,
} from "../tables/index.ts";
import type { Reach } from "./types.ts";

type Filters = ReadonlyMap<ScmpArch, Filter>;

/**
 * Is a vulnerability within reach of a program under these filters? Closed where one of the calls
 * it needs cannot be made with the arguments it needs, on any architecture; a capability that a
 * user namespace gives counts as had where one can be made.
 */
export function reachOf(
  { needs, capability }: Vulnerability,
  filters: Filters,
  capabilities: ReadonlySet<string>,
): Reach {
  if (!needs.every((need) => canMakeOne(need, filters))) return "closed";
  if (capability === undefined || capabilities.has(capability.name)) return "open";
  if (capability.where === "host") return "capability";
  return canMakeOne(userNamespaceCalls, filters) ? "open" : "closed";
}

/**
 * Is it closed by calls that are denied whatever their arguments are? The others are closed by
 * arguments alone.
 */
export function isClosedByNames(
  vulnerability: Vulnerability,
  filters: Filters,
  capabilities: ReadonlySet<string>,
): boolean {
  const withoutArguments = {
    ...vulnerability,
    needs: vulnerability.needs.map((need) =>
      need.map(({ names, arches }) => ({ names, ...(arches === undefined ? {} : { arches }) })),
    ),
  };
  return reachOf(withoutArguments, filters, capabilities) === "closed";
}

function canMakeOne(need: readonly RequiredCall[], filters: Filters): boolean {
  return need.some((call) => [...filters.values()].some((filter) => canMake(call, filter)));
}

function canMake({ names, args = [], arches }: RequiredCall, filter: Filter): boolean {
  if (arches !== undefined && !arches.includes(filter.arch)) return false;
  return names.flatMap(spellingsOf).some((name) => {
    // Arguments of the multiplexers are in memory: a program that may call them may make every call
    // behind them.
    const through = multiplexerOf(filter.arch, name);
    if (through !== undefined && allowsSome(filter, through)) return true;
    return syscallNumber(filter.arch, name) !== undefined && allowsSome(filter, name, toRule(name, args, filter.arch));
  });
}

function toRule(name: string, args: NonNullable<RequiredCall["args"]>, arch: ScmpArch): Rule {
  return {
    conditions: args.map(({ index, value, mask = 0xffff_ffff }): ArgCondition => ({
      index: name === "clone" && index === 0 ? cloneFlagsIndex(arch) : index,
      op: "SCMP_CMP_MASKED_EQ",
      mask: BigInt(mask),
      datum: BigInt(value),
    })),
  };
}
