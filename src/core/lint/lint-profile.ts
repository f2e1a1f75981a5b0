import { exceeds, openedElsewhere } from "../diff/index.ts";
import { missingFloor, neededToStart, probeRows } from "../policy/index.ts";
import {
  listedHosts,
  machineOf,
  nearestCall,
  resolve,
  resolveFor,
  type DockerProfile,
  type DockerSyscallGroup,
  type HostContext,
  type ResolutionProblem,
} from "../profile/index.ts";
import {
  allowsSome,
  callArgs,
  enosys,
  estimateInstructions,
  evaluate,
  isAllowing,
  maxInstructions,
  passedByUpperBits,
  sameAction,
  sameAnswers,
  type Filter,
} from "../seccomp/index.ts";
import {
  argumentBits,
  dockerArch,
  errnoOn,
  hostArch,
  intArgumentsOf,
  syscallNumber,
  type ScmpArch,
} from "../tables/index.ts";
import { dangerousCalls } from "./dangerous-calls.ts";
import { strangeConditions } from "./conditions.ts";
import { neverApplies } from "./never-applies.ts";
import { openSiblings } from "./open-siblings.ts";
import { shadowedRules } from "./shadowed.ts";
import { voidRules } from "./void-rules.ts";
import type { Finding } from "./types.ts";

/** What lint compares a profile with. */
export interface LintContext {
  readonly host: HostContext;
  /** The filters that the profile should not exceed. `ceilingName` is their name in messages. */
  readonly ceiling: ReadonlyMap<ScmpArch, Filter>;
  readonly ceilingName: string;
  /** The profile behind the ceiling. With it, lint judges other hosts too. */
  readonly reference?: DockerProfile;
}

/**
 * What the author of a profile should know about it, in the document's order. Throws TooManyWays if the rules of a call
 * overlap in more ways than can be compared in bounded time.
 */
export function lintProfile(
  profile: DockerProfile,
  { host, ceiling, ceilingName, reference }: LintContext,
): readonly Finding[] {
  if (profile.noFilter !== undefined)
    return [
      {
        kind: "no-filter",
        severity: "error",
        pointer: profile.noFilter.pointer,
        names: [],
        noFilter: profile.noFilter,
      },
    ];
  const resolution = resolve(profile, host);
  const own = resolution.filters.get(host.arch);
  if (own === undefined) return [];
  const hosts = listedHosts(host, [profile]);
  const served = resolveFor(profile, hosts);
  const effects = ineffectiveOn(hosts, profile, served);
  return [
    ...denylist(own, profile.listenerPath),
    ...falseSuccess(profile),
    ...foreignErrno(profile, host.arch),
    ...problems(resolution.problems),
    ...members(profile),
    ...baseProfile(profile),
    ...groups(profile, own),
    ...together(own),
    ...effects,
    ...oldFormat(profile),
    ...missingArchitectures(profile),
    ...shadowed(profile, own, effects),
    ...huge(resolution.filters),
    // A denylist exceeds every ceiling. `denylist` reports that.
    ...(isAllowing(own.defaultAction)
      ? []
      : [
          ...beyond(served, ceiling, ceilingName),
          ...(reference === undefined ? [] : beyondElsewhere(profile, { hosts, reference, ceilingName })),
        ]),
    ...dangerous(served),
    ...floor(own),
    ...traps(own, ceiling.get(host.arch)),
    ...architectures(resolution.filters, host),
  ];
}

/**
 * Finds denies and exceptions without effect, and conditions that do not mean what they seem to mean. For each finding,
 * `evaluate` judged a call that shows it. Throws TooManyWays like `lintProfile`.
 */
function ineffective(profile: DockerProfile, host: HostContext, own: Filter): readonly Finding[] {
  return [
    ...voidRules(profile, host, own),
    ...strangeConditions(profile, host, own),
    ...neverApplies(profile),
    ...openSiblings(profile, host, own),
  ];
}

/** The findings of `ineffective` for every architecture that the profile serves on these hosts. */
export function ineffectiveFor(
  profile: DockerProfile,
  hosts: readonly HostContext[],
): ReadonlyMap<ScmpArch, readonly Finding[]> {
  const [first] = hosts;
  return new Map(
    [...resolveFor(profile, hosts)].flatMap(([arch, filter]) => {
      const host = machineOf(arch, hosts) ?? first;
      return host === undefined ? [] : [[arch, ineffective(profile, host, filter)] as const];
    }),
  );
}

/**
 * The findings of `ineffective` for each machine's own architecture. A later machine adds only findings that no earlier
 * machine has.
 */
function ineffectiveOn(
  machines: readonly HostContext[],
  profile: DockerProfile,
  filters: ReadonlyMap<ScmpArch, Filter>,
): readonly Finding[] {
  const found: Finding[] = [];
  for (const machine of machines) {
    const filter = filters.get(machine.arch);
    const more = filter === undefined ? [] : ineffective(profile, machine, filter);
    const added = more.filter(
      ({ kind, pointer }) => !found.some((told) => told.kind === kind && told.pointer === pointer),
    );
    found.push(...(machine === machines[0] ? more : added.map((finding) => ({ ...finding, machine: machine.arch }))));
  }
  return found;
}

/**
 * The profile answers with the number that ENOSYS has on most architectures. The host's own architecture uses another
 * number.
 */
function foreignErrno({ defaultAction, defaultErrnoRet, syscalls }: DockerProfile, arch: ScmpArch): readonly Finding[] {
  const own = errnoOn(arch, enosys);
  if (own === enosys) return [];
  const at = (pointer: string, names: readonly string[]): Finding => ({
    kind: "foreign-errno",
    severity: "warning",
    pointer,
    names,
    arch,
    number: enosys,
    enosys: own,
  });
  const isForeign = (action: string, errnoRet: number | undefined): boolean =>
    action === "SCMP_ACT_ERRNO" && errnoRet === enosys;
  return [
    ...(isForeign(defaultAction, defaultErrnoRet) ? [at("/defaultErrnoRet", [])] : []),
    ...syscalls.flatMap(({ action, errnoRet, names }, index) =>
      isForeign(action, errnoRet) ? [at(`/syscalls/${index}/errnoRet`, names)] : [],
    ),
  ];
}

function denylist({ defaultAction }: Filter, listener: string | undefined): readonly Finding[] {
  const { action } = defaultAction;
  const place = { pointer: "/defaultAction", names: [] };
  // Another program decides on the calls that no rule names.
  if (asksOthers(action)) return [{ kind: "agent-needed", severity: "error", ...place, action, listener }];
  return isAllowing(defaultAction) ? [{ kind: "denylist", severity: "error", ...place }] : [];
}

function asksOthers(action: string): action is "SCMP_ACT_NOTIFY" | "SCMP_ACT_TRACE" {
  return action === "SCMP_ACT_NOTIFY" || action === "SCMP_ACT_TRACE";
}

/** The runtimes and libseccomp keep 16 bits of an errno. */
function falseSuccess({ defaultAction, defaultErrnoRet, syscalls }: DockerProfile): readonly Finding[] {
  const isZero = (action: string, errnoRet: number | undefined): boolean =>
    action === "SCMP_ACT_ERRNO" && errnoRet !== undefined && (errnoRet & 0xffff) === 0;
  const at = (pointer: string, names: readonly string[]): Finding => ({
    kind: "false-success",
    severity: "error",
    pointer,
    names,
  });
  return [
    ...(isZero(defaultAction, defaultErrnoRet) ? [at("/defaultErrnoRet", [])] : []),
    ...syscalls.flatMap(({ action, errnoRet, names }, index) =>
      isZero(action, errnoRet) ? [at(`/syscalls/${index}/errnoRet`, names)] : [],
    ),
  ];
}

/** At most this many unknown names are reported one by one. The others are counted. */
const shownUnknown = 50;

function problems(found: readonly ResolutionProblem[]): readonly Finding[] {
  const unknown = found.filter(({ kind }) => kind === "unknown-syscall");
  const others = found.filter(({ kind }) => kind !== "unknown-syscall");
  const rest = unknown.length - shownUnknown;
  return [
    ...others.map(problem),
    ...unknown.slice(0, shownUnknown).map(problem),
    ...(rest > 0
      ? [
          {
            kind: "more-unknown-syscalls",
            severity: "warning",
            pointer: "/syscalls",
            names: [],
            count: rest,
          } as const,
        ]
      : []),
  ];
}

function problem(found: ResolutionProblem): Finding {
  switch (found.kind) {
    case "unknown-syscall":
      return {
        kind: "unknown-syscall",
        severity: "warning",
        pointer: found.pointer,
        names: [found.name],
        meant: nearestCall(found.name),
      };
    case "unknown-architecture":
      return { kind: "unknown-architecture", severity: "error", pointer: "/architectures", names: [found.name] };
    case "conflict":
      return {
        kind: "conflict",
        severity: "error",
        pointer: found.pointer,
        names: [found.syscall],
        arch: found.arch,
      };
    case "refused":
      return { kind: "refused", severity: "error", pointer: found.pointer, names: [], reason: found.reason };
    default:
      return found satisfies never;
  }
}

/** A member that may be misspelt is a warning, because what its author meant has no effect. */
function members({ unknownMembers = [] }: DockerProfile): readonly Finding[] {
  return unknownMembers.map(({ pointer, name, meant }): Finding => ({
    kind: "unknown-member",
    severity: meant === undefined ? "note" : "warning",
    pointer,
    names: [name],
    meant,
  }));
}

function baseProfile({ baseProfileName }: DockerProfile): readonly Finding[] {
  return baseProfileName === undefined
    ? []
    : [{ kind: "base-profile", severity: "note", pointer: "/baseProfileName", names: [baseProfileName] }];
}

function groups({ syscalls, listenerPath }: DockerProfile, own: Filter): readonly Finding[] {
  return syscalls.flatMap((group, at): readonly Finding[] => {
    const pointer = `/syscalls/${at}`;
    return [
      ...orNotAnd(pointer, group),
      ...cutConditions(pointer, group),
      ...wideComparison(pointer, group, own),
      ...ignoredBits(pointer, group),
      ...agentNeeded(pointer, group, listenerPath),
    ];
  });
}

/**
 * Finds two conditions on one argument. A call needs to meet only one of them. A list of values of one argument is not
 * reported, because its author can mean nothing else.
 */
function orNotAnd(pointer: string, { names, args = [] }: DockerSyscallGroup): readonly Finding[] {
  const twice = args.find((arg, at) => args.findIndex(({ index }) => index === arg.index) !== at);
  if (twice === undefined) return [];
  const isList = args.every(
    ({ op, index, value }) =>
      index === twice.index &&
      (op === "SCMP_CMP_EQ" || (op === "SCMP_CMP_MASKED_EQ" && value === args[0]?.value && value === low32)),
  );
  const severity = isList ? "note" : "error";
  return [{ kind: "or-not-and", severity, pointer: `${pointer}/args`, names, index: twice.index }];
}

/** Groups on one argument that hold together for every value: "all but TIOCSTI" beside "all but TIOCLINUX". */
function together(own: Filter): readonly Finding[] {
  return [...own.syscalls].flatMap(([name, rules]): readonly Finding[] => {
    const [first, ...others] = rules;
    const last = others.at(-1);
    const index = first?.rule.conditions[0]?.index;
    if (first === undefined || last === undefined || index === undefined) return [];
    const isAlike = rules.every(
      ({ action, rule: { conditions } }) =>
        sameAction(action, first.action) && conditions.length === 1 && conditions[0]?.index === index,
    );
    const places = [...new Set(rules.flatMap(({ because }) => (because.type === "profile" ? [because.pointer] : [])))];
    const pointer = places.at(-1);
    if (!isAlike || places.length < 2 || pointer === undefined) return [];
    const always: Filter = {
      ...own,
      syscalls: new Map([[name, [{ ...first, rule: { conditions: [] } }]]]),
    };
    return sameAnswers(own, always, name)
      ? [{ kind: "or-not-and", severity: "error", pointer: `${pointer}/args`, names: [name], index, across: true }]
      : [];
  });
}

const low32 = 0xffff_ffffn;

/**
 * crun reads at most this many conditions of a rule, on whatever arguments (`arg_cmp[6]` in its src/libcrun/seccomp.c).
 */
const crunConditions = 6;

function cutConditions(pointer: string, { names, args = [] }: DockerSyscallGroup): readonly Finding[] {
  return args.length <= crunConditions
    ? []
    : [
        {
          kind: "cut-conditions",
          severity: "warning",
          pointer: `${pointer}/args/${crunConditions}`,
          names,
          taken: crunConditions,
          given: args.length,
        },
      ];
}

/** `passed` names the calls that the filter denies, but allows once upper bits are set. */
function wideComparison(pointer: string, { names, args = [] }: DockerSyscallGroup, own: Filter): readonly Finding[] {
  const wide = args.flatMap((arg, at) =>
    names
      .filter((name) => intArgumentsOf(name, own.arch).some((int) => int === arg.index))
      .map((name) => ({ name, at, bits: argumentBits(name, arg.index) }))
      .filter(({ bits }) => arg.op !== "SCMP_CMP_MASKED_EQ" || arg.value >> BigInt(bits) !== 0n),
  );
  const [first] = wide;
  if (first === undefined) return [];
  const calls = [...new Set(wide.map(({ name }) => name))];
  const passed = calls.flatMap((syscall) => passedByUpperBits(own, syscall));
  const severity = passed.length === 0 ? "note" : "warning";
  return [
    {
      kind: "wide-comparison",
      severity,
      pointer: `${pointer}/args/${first.at}`,
      names: calls,
      bits: first.bits,
      passed,
    },
  ];
}

/** The bits that the value of SCMP_CMP_MASKED_EQ sets, but that its mask leaves out. */
function ignoredBits(pointer: string, { names, args = [] }: DockerSyscallGroup): readonly Finding[] {
  return args.flatMap(({ op, index, value: mask, valueTwo = 0n }, at): readonly Finding[] => {
    const ignored = valueTwo & ~mask;
    if (op !== "SCMP_CMP_MASKED_EQ" || (mask !== 0n && ignored === 0n)) return [];
    return [
      {
        kind: "ignored-bits",
        severity: mask === 0n ? "error" : "warning",
        pointer: `${pointer}/args/${at}`,
        names,
        index,
        mask,
        ignored,
      },
    ];
  });
}

function agentNeeded(
  pointer: string,
  { names, action }: DockerSyscallGroup,
  listener: string | undefined,
): readonly Finding[] {
  return asksOthers(action)
    ? [{ kind: "agent-needed", severity: "warning", pointer: `${pointer}/action`, names, action, listener }]
    : [];
}

/** Lists each call once, with the architectures on which the profile allows more of it than the ceiling does. */
function beyond(
  filters: ReadonlyMap<ScmpArch, Filter>,
  ceiling: ReadonlyMap<ScmpArch, Filter>,
  ceilingName: string,
): readonly Finding[] {
  const arches = new Map<string, ScmpArch[]>();
  for (const [arch, filter] of filters) {
    const limit = ceiling.get(arch);
    for (const { syscall } of limit === undefined ? [] : exceeds(filter, limit))
      arches.set(syscall, [...(arches.get(syscall) ?? []), arch]);
  }
  const together = new Map<string, { readonly on: readonly ScmpArch[]; readonly names: string[] }>();
  for (const [syscall, on] of arches) {
    const known = together.get(on.join());
    if (known === undefined) together.set(on.join(), { on, names: [syscall] });
    else known.names.push(syscall);
  }
  return [...together.values()].map(({ on, names }): Finding => ({
    kind: "beyond-docker",
    severity: "warning",
    pointer: "",
    names: names.sort(),
    arches: on,
    ceiling: ceilingName,
  }));
}

/**
 * Calls that the profile allows beyond the ceiling on other hosts. Its includes and excludes apply there, because
 * capabilities, kernel, architecture or engine differ.
 */
function beyondElsewhere(
  profile: DockerProfile,
  {
    hosts,
    reference,
    ceilingName,
  }: { readonly hosts: readonly HostContext[]; readonly reference: DockerProfile; readonly ceilingName: string },
): readonly Finding[] {
  return openedElsewhere(reference, profile, { hosts }).map((opened): Finding => ({
    kind: "beyond-elsewhere",
    severity: "warning",
    pointer: "",
    names: [opened.syscall],
    elsewhere: opened,
    ceiling: ceilingName,
  }));
}

/** Does the filter allow the call only with some arguments? */
function isPinned(filter: Filter, name: string): boolean {
  return (
    filter.syscalls.get(name)?.every(({ action, rule }) => !isAllowing(action) || rule.conditions.length > 0) ?? false
  );
}

/** Calls that no served architecture has are left out: a denylist allows every name. */
function dangerous(served: ReadonlyMap<ScmpArch, Filter>): readonly Finding[] {
  const filters = [...served.values()];
  return dangerousCalls.flatMap(({ names, pinnable, reason }): readonly Finding[] => {
    const opens = (filter: Filter, name: string): boolean =>
      syscallNumber(filter.arch, name) !== undefined &&
      allowsSome(filter, name) &&
      !(pinnable && isPinned(filter, name));
    const open = names.filter((name) => filters.some((filter) => opens(filter, name)));
    if (open.length === 0) return [];
    const because = filters
      .flatMap((filter) => open.flatMap((name) => filter.syscalls.get(name) ?? []))
      .find(({ action }) => isAllowing(action))?.because;
    const pointer = because?.type === "profile" ? because.pointer : "";
    return [{ kind: "dangerous-call", severity: "warning", pointer, names: open, exposes: reason }];
  });
}

/** Lists all calls of the floor that the filter denies. The severity depends on what happens without them. */
function floor(filter: Filter): readonly Finding[] {
  const always = missingFloor(filter, { noNewPrivileges: true, init: false });
  const names = missingFloor(filter, { noNewPrivileges: false, init: false });
  if (names.length === 0) return [];
  const privileged = names.filter((name) => !always.includes(name));
  const needed = always.filter((name) => neededToStart.runc.includes(name));
  const at = { kind: "missing-floor", pointer: "", names, needed, privileged } as const;
  if (needed.some((name) => neededToStart.crun.includes(name))) return [{ ...at, severity: "error", starts: "never" }];
  if (needed.length > 0) return [{ ...at, severity: "error", starts: "not-runc" }];
  if (always.length > 0) return [{ ...at, severity: "warning", starts: "some" }];
  return [{ ...at, severity: "note", starts: "no-new-privileges" }];
}

/**
 * Calls that programs probe, and that the filter answers with EPERM. Calls that the ceiling answers with EPERM too are
 * left out, because programs in containers live with that.
 */
function traps(filter: Filter, ceiling: Filter | undefined): readonly Finding[] {
  const answersEperm = (asked: Filter, name: string): boolean => {
    const answer = evaluate(asked, { arch: asked.arch, name, nr: syscallNumber(asked.arch, name), args: callArgs() });
    return answer.action === "SCMP_ACT_ERRNO" && answer.errnoRet === 1;
  };
  const trapped = probeRows
    .flatMap(({ names }) => names)
    .filter((name) => syscallNumber(filter.arch, name) !== undefined)
    .filter((name) => answersEperm(filter, name) && !(ceiling !== undefined && answersEperm(ceiling, name)));
  return trapped.length === 0
    ? []
    : [
        {
          kind: "enosys-trap",
          severity: "warning",
          pointer: "",
          names: trapped,
          enosys: errnoOn(filter.arch, enosys),
        },
      ];
}

/** Groups with `name` in place of `names`. Today's engines still read them, but other tools do not. */
function oldFormat({ syscalls }: DockerProfile): readonly Finding[] {
  const first = syscalls.findIndex(({ oldSpelling }) => oldSpelling === true);
  if (first < 0) return [];
  const names = syscalls.flatMap((group) => (group.oldSpelling === true ? group.names : []));
  return [{ kind: "old-format", severity: "note", pointer: `/syscalls/${first}/name`, names }];
}

function missingArchitectures({ architectures = [], archMap = [] }: DockerProfile): readonly Finding[] {
  return architectures.length + archMap.length > 0
    ? []
    : [{ kind: "missing-architectures", severity: "note", pointer: "", names: [] }];
}

/**
 * Rules without effect. Rules already reported as void are left out. So are the rules of socketcall and ipc that
 * libseccomp adds for the calls that a group names, because nobody can remove those alone.
 */
function shadowed(profile: DockerProfile, filter: Filter, told: readonly Finding[]): readonly Finding[] {
  const isTold = (pointer: string, name: string): boolean =>
    told.some(
      (finding) =>
        (finding.kind === "void-deny" || finding.kind === "void-exception") &&
        finding.pointer === pointer &&
        finding.names.includes(name),
    );
  const byPlace = new Map<string, Set<string>>();
  for (const { name, rule } of shadowedRules(filter)) {
    const pointer = rule.because.type === "profile" ? rule.because.pointer : "";
    const group = profile.syscalls[Number(pointer.slice(pointer.lastIndexOf("/") + 1))];
    if (group?.names.includes(name) === true && !isTold(pointer, name))
      byPlace.set(pointer, (byPlace.get(pointer) ?? new Set()).add(name));
  }
  return [...byPlace].map(([pointer, names]): Finding => ({
    kind: "shadowed-rule",
    severity: "note",
    pointer,
    names: [...names].sort(),
  }));
}

/** The largest relative error of the estimate, measured on the profiles in use (test/core/seccomp/size.test.ts). */
const estimateError = 0.05;

function huge(filters: ReadonlyMap<ScmpArch, Filter>): readonly Finding[] {
  const instructions = estimateInstructions(filters.values());
  if (instructions < maxInstructions * (1 - estimateError)) return [];
  // libseccomp makes fewer instructions than estimated for rules over several arguments, because such rules share
  // instructions.
  const oneArgument = [...filters.values()].every(({ syscalls }) =>
    [...syscalls.values()].every((rules) => rules.every(({ rule }) => rule.conditions.length < 2)),
  );
  const sure = oneArgument && instructions > maxInstructions * (1 + estimateError);
  const severity = sure ? "error" : "warning";
  return [{ kind: "huge-profile", severity, pointer: "/syscalls", names: [], instructions, sure }];
}

function architectures(filters: ReadonlyMap<ScmpArch, Filter>, { arch }: HostContext): readonly Finding[] {
  return [...filters]
    .filter(([other]) => other !== arch && hostArch(other, [arch]) === arch)
    .flatMap(([other, filter]): readonly Finding[] => [
      { kind: "compat-architecture", severity: "note", pointer: "/architectures", names: [dockerArch(other)] },
      ...socketcallOpen(other, filter),
    ]);
}

/** Pins of socket have no effect if the profile also allows socketcall. */
function socketcallOpen(arch: ScmpArch, filter: Filter): readonly Finding[] {
  return isPinned(filter, "socket") && allowsSome(filter, "socketcall")
    ? [{ kind: "socketcall-open", severity: "warning", pointer: "", names: ["socket", "socketcall"], arch }]
    : [];
}
