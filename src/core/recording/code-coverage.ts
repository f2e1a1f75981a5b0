import { describeSyscall, subsystems, weigh, type ScmpArch, type Subsystem, type Weight } from "../tables/index.ts";
import { codeRanks, openPlaces, type CodeEvidence, type CodeVia } from "./code.ts";
import type { Recording } from "./types.ts";

/** How many of the calls that the programs' code can make were recorded. */
export interface CodeCoverage {
  readonly arch: ScmpArch;
  readonly seen: number;
  /** The number of calls that the code of the programs that ran can make. */
  readonly reachable: number;
  /** Both numbers for each part of the kernel, in the table's order. */
  readonly subsystems: readonly { readonly subsystem: Subsystem; readonly seen: number; readonly reachable: number }[];
  /**
   * Dangerous calls come first, then weighty ones, then ordinary ones. Among equals, the call with the nearest code
   * comes first.
   */
  readonly unseen: readonly UnseenCall[];
  /** Places in code that may make any call, and files that could not be read. Neither counts as "makes no call". */
  readonly open: readonly string[];
}

/** A call that the code can make and that the recording did not see. */
export interface UnseenCall {
  readonly name: string;
  readonly weight: Weight;
  readonly via: CodeVia;
}

const heaviestFirst: readonly Weight[] = ["dangerous", "weighty", "ordinary"];

/** One entry for each architecture whose code was read. */
export function codeCoverage({
  code,
  syscalls,
}: {
  readonly code?: CodeEvidence | undefined;
  readonly syscalls: Recording["syscalls"];
}): readonly CodeCoverage[] {
  if (code === undefined) return [];
  return (Object.keys(code.calls) as ScmpArch[]).sort().map((arch) => coverageOf(code, arch, syscalls[arch] ?? {}));
}

function coverageOf(code: CodeEvidence, arch: ScmpArch, recorded: { readonly [name: string]: unknown }): CodeCoverage {
  const reachable = Object.entries(code.calls[arch] ?? {})
    .filter(([, { program }]) => code.programs[program]?.ran !== false)
    .map(([name, via]) => ({ name, via, weight: weigh(name).weight, isSeen: Object.hasOwn(recorded, name) }));
  return {
    arch,
    seen: reachable.filter(({ isSeen }) => isSeen).length,
    reachable: reachable.length,
    subsystems: (Object.keys(subsystems) as Subsystem[]).flatMap((subsystem) => {
      const own = reachable.filter(({ name }) => (describeSyscall(name)?.subsystem ?? "unimplemented") === subsystem);
      const seen = own.filter(({ isSeen }) => isSeen).length;
      return own.length === 0 ? [] : [{ subsystem, seen, reachable: own.length }];
    }),
    unseen: reachable
      .filter(({ isSeen }) => !isSeen)
      .sort(
        (a, b) =>
          heaviestFirst.indexOf(a.weight) - heaviestFirst.indexOf(b.weight) ||
          codeRanks.indexOf(a.via.rank) - codeRanks.indexOf(b.via.rank) ||
          (a.name < b.name ? -1 : 1),
      )
      .map(({ name, weight, via }) => ({ name, weight, via })),
    open: openPlaces(code),
  };
}
