import { diffFilters as diffResolved, type ProfileDiff } from "../core/diff/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { nearestCall, resolve as resolveDocument, type Resolution } from "../core/profile/index.ts";
import { badArchAction, evaluate as ask, type Action, type SeccompData } from "../core/seccomp/index.ts";
import { isSyscallName, syscallNumber, type ScmpArch } from "../core/tables/index.ts";
import { archOf } from "../project/index.ts";
import { bounded } from "./bounded.ts";
import { contextOf, dockerHost, type Host } from "./host.ts";
import { checkOptions } from "./options.ts";
import { plain, type Plain } from "./plain.ts";
import { Profile } from "./profile.ts";

/** The rules that the kernel enforces on one host. `resolve` makes a filter. */
export class Filter {
  /** The host's own architecture. */
  readonly arch: ScmpArch;
  /** All architectures that the filter serves. The host's own comes first. */
  readonly architectures: readonly ScmpArch[];
  /** Parts of the profile that the filter lacks, or that keep a container from starting. */
  readonly problems: Plain<Resolution["problems"]>;
  readonly #filters: Resolution["filters"];

  /** @internal */
  constructor(arch: ScmpArch, { filters, problems }: Resolution) {
    this.arch = arch;
    this.architectures = [...filters.keys()];
    this.problems = plain(problems);
    this.#filters = filters;
  }

  /** The rules of each architecture, for JSON.stringify. */
  toJSON(): object {
    return { arch: this.arch, problems: this.problems, filters: plain(this.#filters) };
  }

  /** @internal */
  static filtersOf(filter: Filter): Resolution["filters"] {
    if (!(filter instanceof Filter)) throw new TypeError("This is no filter. Make it with resolve(profile) first.");
    return filter.#filters;
  }
}

/** Resolves a profile for a host. Returns the filter that Docker and its runtime install there. */
export function resolve(profile: Profile, host: Host = dockerHost()): Filter {
  return new Filter(host.arch, resolveDocument(Profile.documentOf(profile), contextOf(host)));
}

/** The ways to write a 64-bit value. Negative values wrap around, as in C. */
type Argument = bigint | number | string;

/**
 * The kernel's answer to a call under a filter. Arguments that are not given are zero. `arch` is the architecture
 * through which the call enters the kernel (default: the host's own). Throws SeccompGenError (`usage`) for a name that
 * is no call, and for values that are no arguments.
 */
export function evaluate(
  filter: Filter,
  call: string,
  args: readonly Argument[] = [],
  options: { readonly arch?: string } = {},
): Action {
  checkOptions(options, ["arch"], "evaluate");
  const arch = options.arch === undefined ? filter.arch : archOf(options.arch);
  const own = Filter.filtersOf(filter).get(arch);
  if (typeof call !== "string") throw new TypeError('A call is given by its name, such as "openat".');
  if (!isSyscallName(call)) throw noSuchCall(call);
  if (args.length > 6)
    throw new SeccompGenError({
      code: "usage",
      what: `${call} with ${args.length} arguments`,
      todo: "Give at most six: no call has more.",
    });
  const values = [0, 1, 2, 3, 4, 5].map((index) => uint64(args[index] ?? 0)) as unknown as SeccompData["args"];
  if (own === undefined) return badArchAction;
  return ask(own, { arch, name: call, nr: syscallNumber(arch, call), args: values });
}

function noSuchCall(call: string): SeccompGenError {
  const meant = nearestCall(call);
  return new SeccompGenError({
    code: "usage",
    what: `there is no syscall ${call}`,
    todo: meant === undefined ? "Names are those of the syscalls manual, e.g. openat." : `Did you mean ${meant}?`,
  });
}

function uint64(value: Argument): bigint {
  const exact = exactly(value);
  if (exact === undefined || exact < -(1n << 63n) || exact >= 1n << 64n)
    throw new SeccompGenError({
      code: "usage",
      what: `${value} is no argument of a call`,
      todo: "Give a whole number of at most 64 bits: 17n, 17, or the string of one.",
    });
  return BigInt.asUintN(64, exact);
}

function exactly(value: Argument): bigint | undefined {
  if (typeof value === "number" && !Number.isSafeInteger(value)) return undefined;
  try {
    return BigInt(value);
  } catch {
    return undefined;
  }
}

/** The changes from one filter to another. */
export type FilterDiff = Plain<ProfileDiff>;

/**
 * Compares two filters by meaning. The comparison is complete. Each change has a call as witness. For this call,
 * `evaluate` returns `was` under the first filter and `is` under the second. If nothing changed, both lists are empty.
 * Throws SeccompGenError (`rules-too-complex`) if rules overlap in more ways than can be told apart in bounded time.
 */
export function diffFilters(before: Filter, after: Filter): FilterDiff {
  return bounded(() => plain(diffResolved(Filter.filtersOf(before), Filter.filtersOf(after))));
}
