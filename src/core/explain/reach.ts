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
 * Can a program under these filters reach a vulnerability? It is closed if the program cannot make one of the needed
 * calls with the needed arguments, on any architecture. A capability that a user namespace gives counts as held if the
 * program can make such a namespace.
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

/** Is the vulnerability closed by calls that are denied with any arguments? False if only denied arguments close it. */
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
    // The arguments of the multiplexers are in memory. A program that may call them may make every call behind them.
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
