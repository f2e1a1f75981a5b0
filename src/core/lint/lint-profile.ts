import { exceeds } from "../diff/index.ts";
import { missingFloor, probeRows } from "../policy/index.ts";
import { nearest, resolve, type DockerArg, type DockerProfile, type HostContext } from "../profile/index.ts";
import {
  allowsSome,
  callArgs,
  estimateInstructions,
  evaluate,
  isAllowing,
  maxInstructions,
  passedByUpperBits,
  type Filter,
} from "../seccomp/index.ts";
import {
  describeValue,
  dockerArch,
  intArgumentsOf,
  syscallNames,
  syscallNumber,
  type ScmpArch,
} from "../tables/index.ts";
import { dangerousCalls } from "./dangerous-calls.ts";
import { shadowedRules } from "./shadowed.ts";
import type { Finding } from "./types.ts";

/** What a profile is linted against. */
export interface LintContext {
  readonly host: HostContext;
  /** What it should not exceed, and its name. */
  readonly ceiling: ReadonlyMap<ScmpArch, Filter>;
  readonly ceilingName: string;
}

/**
 * What the author of a profile should know of it, in the order of the document. Throws TooManyWays
 * where the rules of a call overlap in more ways than can be compared in bounded time.
 */
export function lintProfile(profile: DockerProfile, { host, ceiling, ceilingName }: LintContext): readonly Finding[] {
  const resolution = resolve(profile, host);
  const own = resolution.filters.get(host.arch);
  if (own === undefined) return [];
  return [
    ...denylist(own),
    ...resolution.problems.map(problem),
    ...members(profile),
    ...groups(profile, own),
    ...oldFormat(profile),
    ...shadowed(own),
    ...huge(resolution.filters),
    ...(isAllowing(own.defaultAction)
      ? []
      : [
          ...beyond(resolution.filters, ceiling, ceilingName),
          ...dangerous(own),
          ...floor(own),
          ...traps(own, ceiling.get(host.arch)),
        ]),
    ...architectures(resolution.filters, host),
  ];
}

function denylist({ defaultAction }: Filter): readonly Finding[] {
  if (!isAllowing(defaultAction)) return [];
  return [
    {
      kind: "denylist",
      severity: "error",
      pointer: "/defaultAction",
      names: [],
      what: "everything that is not named is allowed, also calls of kernels to come",
    },
  ];
}

function problem(found: ReturnType<typeof resolve>["problems"][number]): Finding {
  switch (found.kind) {
    case "unknown-syscall": {
      const meant = nearest(found.name, syscallNames("SCMP_ARCH_X86_64"));
      return {
        kind: "unknown-syscall",
        severity: "warning",
        pointer: found.pointer,
        names: [found.name],
        what: `there is no syscall ${found.name}, so the name does nothing${meant === undefined ? "" : `; did you mean ${meant}?`}`,
      };
    }
    case "unknown-architecture":
      return {
        kind: "unknown-architecture",
        severity: "error",
        pointer: "/architectures",
        names: [found.name],
        what: `libseccomp knows no architecture ${found.name}: the container does not start`,
      };
    case "conflict":
      return {
        kind: "conflict",
        severity: "error",
        pointer: found.pointer,
        names: [found.syscall],
        what:
          `libseccomp refuses this rule on ${found.syscall} beside an earlier one with another action (${dockerArch(found.arch)}): ` +
          "the container does not start",
      };
    case "refused":
      return {
        kind: "refused",
        severity: "error",
        pointer: found.pointer,
        names: [],
        what: `${found.reason}: the container does not start`,
      };
    default:
      return found satisfies never;
  }
}

/** What may be a misspelt member is a warning: something is not said that was meant to be. */
function members({ unknownMembers = [] }: DockerProfile): readonly Finding[] {
  return unknownMembers.map(({ pointer, name, meant }): Finding => ({
    kind: "unknown-member",
    severity: meant === undefined ? "note" : "warning",
    pointer,
    names: [name],
    what: `engines do not know the member ${JSON.stringify(name)} and leave it out${meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`}`,
  }));
}

/** What SCMP_CMP_MASKED_EQ asks for and its mask leaves out. */
function ignoredBits(pointer: string, names: readonly string[], args: readonly DockerArg[]): readonly Finding[] {
  return args.flatMap(({ op, index, value: mask, valueTwo = 0n }, at): Finding[] => {
    if (op !== "SCMP_CMP_MASKED_EQ" || (mask !== 0n && (valueTwo & ~mask) === 0n)) return [];
    const what =
      mask === 0n
        ? `the mask of argument ${index} is 0: the condition holds for every value`
        : `0x${(valueTwo & ~mask).toString(16)} of valueTwo lies outside of the mask 0x${mask.toString(16)} ` +
          "and is ignored";
    return [
      {
        kind: "ignored-bits",
        severity: mask === 0n ? "error" : "warning",
        pointer: `${pointer}/args/${at}`,
        names,
        what: `${what}; value is the mask, valueTwo what its bits have to be`,
      },
    ];
  });
}

/** What passes is named: the filter denies it, and with an upper bit it is let through. */
function wideComparison(own: Filter, names: readonly string[]): string {
  const passed = names.flatMap((name) =>
    passedByUpperBits(own, name).flatMap(({ index, values }) =>
      values.map((value) => `${name} with argument ${index} ${describeValue(name, index, value) ?? value}`),
    ),
  );
  const open =
    passed.length === 0
      ? ""
      : `; so these pass with bit 32 set, though they are denied: ${passed.slice(0, 8).join(", ")}${passed.length > 8 ? " …" : ""}`;
  return (
    "compares 64 bits of a 32-bit argument: set an upper bit, and the kernel does the same while the " +
    `rule no longer matches${open}; use SCMP_CMP_MASKED_EQ with the mask 4294967295`
  );
}

function groups({ syscalls }: DockerProfile, own: Filter): readonly Finding[] {
  return syscalls.flatMap(({ names, action, args = [] }, index): Finding[] => {
    const pointer = `/syscalls/${index}`;
    const twice = args.find((arg, at) => args.findIndex(({ index: other }) => other === arg.index) !== at);
    const wide = args.flatMap((arg, at) =>
      arg.op === "SCMP_CMP_MASKED_EQ"
        ? []
        : names.filter((name) => intArgumentsOf(name).some((int) => int === arg.index)).map((name) => ({ name, at })),
    );
    const first = wide[0];
    return [
      ...(twice === undefined
        ? []
        : [
            {
              kind: "or-not-and" as const,
              severity: "error" as const,
              pointer: `${pointer}/args`,
              names,
              what: `two conditions on argument ${twice.index}: runc and crun let either one suffice`,
            },
          ]),
      ...(first === undefined
        ? []
        : [
            {
              kind: "wide-comparison" as const,
              severity: "warning" as const,
              pointer: `${pointer}/args/${first.at}`,
              names: [...new Set(wide.map(({ name }) => name))],
              what: wideComparison(own, [...new Set(wide.map(({ name }) => name))]),
            },
          ]),
      ...ignoredBits(pointer, names, args),
      ...(action === "SCMP_ACT_NOTIFY" || action === "SCMP_ACT_TRACE"
        ? [
            {
              kind: "agent-needed" as const,
              severity: "warning" as const,
              pointer: `${pointer}/action`,
              names,
              what: `${action} needs a program that answers; without one these calls fail with ENOSYS`,
            },
          ]
        : []),
    ];
  });
}

function beyond(
  filters: ReadonlyMap<ScmpArch, Filter>,
  ceiling: ReadonlyMap<ScmpArch, Filter>,
  ceilingName: string,
): readonly Finding[] {
  const wider = [...filters].flatMap(([arch, filter]) => {
    const limit = ceiling.get(arch);
    return limit === undefined
      ? []
      : exceeds(filter, limit).map(({ syscall }) => ({ arch: dockerArch(arch), syscall }));
  });
  // Of each call, said once, with the architectures it is wider on.
  const arches = new Map<string, string[]>();
  for (const { arch, syscall } of wider) arches.set(syscall, [...(arches.get(syscall) ?? []), arch]);
  const together = new Map<string, string[]>();
  for (const [syscall, on] of arches) together.set(on.join(", "), [...(together.get(on.join(", ")) ?? []), syscall]);
  return [...together].map(([on, names]): Finding => ({
    kind: "beyond-docker",
    severity: "warning",
    pointer: "",
    names: names.sort(),
    what: `allows on ${on} what ${ceilingName} denies: ${names.join(", ")}`,
  }));
}

/** Allowed, but only with some arguments. */
function isPinned(filter: Filter, name: string): boolean {
  return (
    filter.syscalls.get(name)?.every(({ action, rule }) => !isAllowing(action) || rule.conditions.length > 0) ?? false
  );
}

function dangerous(filter: Filter): readonly Finding[] {
  return dangerousCalls.flatMap(({ names, pinnable, reason }): Finding[] => {
    const open = names.filter((name) => allowsSome(filter, name) && !(pinnable && isPinned(filter, name)));
    const because = open
      .flatMap((name) => filter.syscalls.get(name) ?? [])
      .find(({ action }) => isAllowing(action))?.because;
    return open.length === 0
      ? []
      : [
          {
            kind: "dangerous-call",
            severity: "warning",
            pointer: because?.type === "profile" ? because.pointer : "",
            names: open,
            what: `${open.join(", ")}: ${reason}`,
          },
        ];
  });
}

function floor(filter: Filter): readonly Finding[] {
  const always = missingFloor(filter, { noNewPrivileges: true, init: false });
  if (always.length > 0)
    return [
      {
        kind: "missing-floor",
        severity: "warning",
        pointer: "",
        names: always,
        what:
          `the container runtime itself may call ${always.join(", ")}: on some versions of runc or crun ` +
          "the container does not start",
      },
    ];
  const privileged = missingFloor(filter, { noNewPrivileges: false, init: false });
  return privileged.length === 0
    ? []
    : [
        {
          kind: "missing-floor",
          severity: "note",
          pointer: "",
          names: privileged,
          what:
            `without no-new-privileges the container runtime also calls ${privileged.join(", ")}: the ` +
            "container starts only with --security-opt no-new-privileges",
        },
      ];
}

/** Calls that the ceiling answers so too are no trap: programs in containers live with that. */
function traps(filter: Filter, ceiling: Filter | undefined): readonly Finding[] {
  const answersEperm = (asked: Filter, name: string): boolean => {
    const answer = evaluate(asked, { arch: asked.arch, name, nr: syscallNumber(asked.arch, name), args: callArgs() });
    return answer.action === "SCMP_ACT_ERRNO" && answer.errnoRet === 1;
  };
  const probed = probeRows
    .flatMap(({ names }) => names)
    .filter((name) => syscallNumber(filter.arch, name) !== undefined);
  const trapped = probed.filter(
    (name) => answersEperm(filter, name) && !(ceiling !== undefined && answersEperm(ceiling, name)),
  );
  return trapped.length === 0
    ? []
    : [
        {
          kind: "enosys-trap",
          severity: "warning",
          pointer: "",
          names: trapped,
          what:
            `libraries fall back from ENOSYS, but these answer EPERM: ${trapped.join(", ")}; a newer libc or ` +
            "runtime breaks on them",
        },
      ];
}

/** Engines of today still read it, other tools do not. */
function oldFormat({ syscalls, architectures, archMap }: DockerProfile): readonly Finding[] {
  const first = syscalls.findIndex(({ oldSpelling }) => oldSpelling === true);
  const names = syscalls.flatMap((group) => (group.oldSpelling === true ? group.names : []));
  return [
    ...(first < 0
      ? []
      : [
          {
            kind: "old-format" as const,
            severity: "note" as const,
            pointer: `/syscalls/${first}/name`,
            names,
            what:
              `${names.length} groups have "name" for one call, as before Docker 1.13; "names" takes them ` +
              "together and is what other tools read",
          },
        ]),
    ...((architectures ?? []).length + (archMap ?? []).length > 0
      ? []
      : [
          {
            kind: "missing-architectures" as const,
            severity: "note" as const,
            pointer: "",
            names: [],
            what:
              "names no architectures: the engine filters its own only, and kills what enters the kernel by " +
              "another (a 32-bit program)",
          },
        ]),
  ];
}

function shadowed(filter: Filter): readonly Finding[] {
  const byPlace = new Map<string, Set<string>>();
  for (const { name, rule } of shadowedRules(filter)) {
    const pointer = rule.because.type === "profile" ? rule.because.pointer : "";
    byPlace.set(pointer, (byPlace.get(pointer) ?? new Set()).add(name));
  }
  return [...byPlace].map(([pointer, found]): Finding => {
    const names = [...found].sort();
    return {
      kind: "shadowed-rule",
      severity: "note",
      pointer,
      names,
      what:
        `says nothing new of ${names.join(", ")}: another rule answers these calls already, or no call ` +
        "can match it",
    };
  });
}

/**
 * So far the estimate may be from what libseccomp makes of profiles in use
 * (test/core/seccomp/size.test.ts).
 */
const estimateError = 0.05;

function huge(filters: ReadonlyMap<ScmpArch, Filter>): readonly Finding[] {
  const size = estimateInstructions(filters.values());
  if (size < maxInstructions * (1 - estimateError)) return [];
  // Of rules over several arguments libseccomp makes fewer: it shares what they have in common.
  const oneArgument = [...filters.values()].every(({ syscalls }) =>
    [...syscalls.values()].every((rules) => rules.every(({ rule }) => rule.conditions.length < 2)),
  );
  const sure = oneArgument && size > maxInstructions * (1 + estimateError);
  const what =
    `about ${size} instructions for all architectures: the kernel takes at most ${maxInstructions}, ` +
    `so the container ${sure ? "does not start" : "may not start"}`;
  return [{ kind: "huge-profile", severity: sure ? "error" : "warning", pointer: "/syscalls", names: [], what }];
}

function architectures(filters: ReadonlyMap<ScmpArch, Filter>, { arch }: HostContext): readonly Finding[] {
  return [...filters]
    .filter(([other]) => other !== arch)
    .flatMap(([other, filter]): Finding[] => {
      return [
        {
          kind: "compat-architecture",
          severity: "note",
          pointer: "/architectures",
          names: [dockerArch(other)],
          what:
            `calls of ${dockerArch(other)} are served too; few images have programs of it, and it is a ` +
            "second way into the kernel",
        },
        ...(isPinned(filter, "socket") && allowsSome(filter, "socketcall")
          ? [
              {
                kind: "socketcall-open" as const,
                severity: "warning" as const,
                pointer: "",
                names: ["socket", "socketcall"],
                what:
                  `socket is pinned, but on ${dockerArch(other)} socketcall opens any socket: its arguments are in ` +
                  "memory, where no filter sees them",
              },
            ]
          : []),
      ];
    });
}
