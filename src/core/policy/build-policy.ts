import {
  codeAnswer,
  madeBy,
  servedArchitectures,
  type ArgTuple,
  type Recording,
  type SyscallRecord,
} from "../recording/index.ts";
import {
  callArgs,
  evaluate,
  impliedByAny,
  isAllowing,
  ruleKey,
  ruleMatches,
  type Action,
  type ActionRule,
  type ArgIndex,
  type Because,
  type Filter,
  type Rule,
} from "../seccomp/index.ts";
import {
  defaultCapabilities,
  errnoNumber,
  isSyscallName,
  multiplexerOf,
  syscallNames,
  syscallNumber,
  type ScmpArch,
} from "../tables/index.ts";
import { pinFor } from "./arguments.ts";
import { maxNamed } from "./assumptions.ts";
import { codeCalls, codeForms, weightyCodeCalls } from "./code.ts";
import { companionsOf } from "./companions.ts";
import { floorFor, type FloorContext } from "./floor.ts";
import { heldAnyway } from "./held-anyway.ts";
import { asOldRuncTakes, startsUnderOldRunc } from "./old-runc.ts";
import type { Also } from "./pin.ts";
import { probeRows } from "./probes.ts";
import { startRows } from "./start.ts";
import type { Assumptions, BeyondDefault, Policy, PolicyNote, PolicyOptions } from "./types.ts";

const allow: Action = { action: "SCMP_ACT_ALLOW" };
const epermNumber = errnoNumber("EPERM") ?? 1;
const eperm: Action = { action: "SCMP_ACT_ERRNO", errnoRet: epermNumber };
const enosys: Action = { action: "SCMP_ACT_ERRNO", errnoRet: errnoNumber("ENOSYS") ?? 38 };
const always: Rule = { conditions: [] };

/** Rules by syscall; the same rule is kept once, with the first reason given. */
class RuleBook {
  readonly rules = new Map<string, ActionRule[]>();

  add(name: string, rule: ActionRule): void {
    const known = this.rules.get(name) ?? [];
    if (known.some((other) => ruleKey(other.rule) === ruleKey(rule.rule))) return;
    this.rules.set(name, [...known, rule]);
  }

  has(name: string): boolean {
    return this.rules.has(name);
  }
}

/**
 * Recording → filters: (observed ∩ ceiling) ∪ floor ∪ companions, each rule with its reason, and
 * the answers of what is denied. Pure: the same recording and options give the same policy. Floor
 * and companions stay below the ceiling too. Docker has one list of rules for all architectures of
 * a profile, so what is allowed on one observed architecture is allowed on all of them. Throws
 * TooManyWays where the ceiling's rules of a call overlap in more ways than can be compared in
 * bounded time.
 */
export function buildPolicy(recording: Recording, given: PolicyOptions): Policy {
  const observedArches = servedArchitectures(recording);
  const arches = [...observedArches].sort(
    (a, b) => Number(isNative(b, given)) - Number(isNative(a, given)) || (a < b ? -1 : 1),
  );
  const start: FloorContext = {
    noNewPrivileges: recording.runs.length > 0 && recording.runs.every((run) => run.noNewPrivileges === true),
    // A later start may have one: an engine's configuration can put it before every program.
    init: true,
  };
  const programs = new Set(
    Object.values(recording.syscalls).flatMap((calls) => Object.values(calls).flatMap(({ processes }) => processes)),
  );
  const forOldRunc = startsUnderOldRunc(recording, given.floor);
  const options: PolicyOptions = forOldRunc ? { ...given, floor: "old-runc" } : given;
  const glibcPrograms = new Set(
    Object.values(recording.syscalls).flatMap((calls) => calls["set_robust_list"]?.processes ?? []),
  );
  const context: Context = { recording, options, start, programs, glibcPrograms, notes: [], book: new RuleBook() };
  const denied = new Set(options.deny);
  for (const arch of arches) addObserved(arch, denied, context);
  addFloor(arches, denied, context);
  if (!options.exact && options.reach) addCode(arches, denied, context);
  if (!options.exact) addCompanions(arches, denied, context);
  if (recording.runs.some((run) => run.lean === true)) addUntraced(arches, denied, context);
  if (recording.runs.some((run) => run.withoutStart === true)) addStart(arches, denied, context);
  tellCode(arches, context);
  addAnswers(arches, context);
  const names = [...context.book.rules.keys()].sort();
  const filters = arches.map((arch): Filter => ({
    arch,
    defaultAction: enosys,
    syscalls: new Map(
      names.flatMap((name) => (existsOn(arch, name) ? [[name, context.book.rules.get(name) ?? []]] : [])),
    ),
    enosysAbove: undefined,
  }));
  return {
    filters: forOldRunc ? filters.map(asOldRuncTakes) : filters,
    notes: context.notes,
    assumptions: assumptionsOf(recording, options, start),
  };
}

interface Context {
  readonly recording: Recording;
  readonly options: PolicyOptions;
  readonly start: FloorContext;
  /** All programs that were seen. */
  readonly programs: ReadonlySet<string>;
  readonly glibcPrograms: ReadonlySet<string>;
  readonly notes: PolicyNote[];
  readonly book: RuleBook;
}

/**
 * Docker resolves a profile for the machine's own architecture; the ceiling's first one is that.
 */
function isNative(arch: ScmpArch, { ceiling }: PolicyOptions): boolean {
  return [...ceiling.keys()][0] === arch;
}

function existsOn(arch: ScmpArch, name: string): boolean {
  return syscallNumber(arch, name) !== undefined || multiplexerOf(arch, name) !== undefined;
}

function addObserved(arch: ScmpArch, denied: ReadonlySet<string>, context: Context): void {
  const { recording, options, notes, book } = context;
  const ceiling = options.ceiling.get(arch);
  for (const [name, record] of Object.entries(recording.syscalls[arch] ?? {})) {
    if (!isSyscallName(name) || !existsOn(arch, name)) {
      notes.push({ kind: "unknown-syscall", arch, syscall: name });
      continue;
    }
    if (denied.has(name)) continue;
    const because: Because = { type: "observed", processes: record.processes };
    addAllowed(arch, name, record, because, context);
    const multiplexer = multiplexerOf(arch, name);
    if (multiplexer !== undefined && allowingRules(ceiling, multiplexer).length > 0)
      book.add(multiplexer, { action: allow, rule: always, because });
  }
  for (const name of options.allow) {
    if (!existsOn(arch, name) || denied.has(name) || isUnconditional(book.rules.get(name))) continue;
    const isWithin = impliedByAny(always, allowingRules(ceiling, name));
    if (!isWithin) notes.push({ kind: "allowed-above-ceiling", arch, syscall: name });
    const because: Because = {
      type: "user",
      option: "--allow",
      ...(isWithin ? {} : { beyond: options.ceilingName }),
    };
    book.rules.set(name, [{ action: allow, rule: always, because }]);
  }
}

function isUnconditional(rules: readonly ActionRule[] | undefined): boolean {
  return rules?.some(({ action, rule }) => isAllowing(action) && rule.conditions.length === 0) ?? false;
}

/**
 * Adds a call as far as the ceiling goes; resolves to false where the ceiling has nothing of it.
 */
function addAllowed(
  arch: ScmpArch,
  name: string,
  record: SyscallRecord | undefined,
  because: Because,
  context: Context,
): boolean {
  const { options, notes, book } = context;
  const limits = allowingRules(options.ceiling.get(arch), name);
  if (options.allow.includes(name)) return true; // taken in as a whole, above
  if (limits.length === 0) {
    if (record !== undefined) notes.push(aboveCeiling(arch, name, record));
    return false;
  }
  const pin = pinFor(name, record, {
    arch,
    tier: options.args,
    start: context.start,
    programs: context.programs,
    glibcPrograms: context.glibcPrograms,
    code: options.exact || !options.reach ? undefined : context.recording.code,
  });
  if (pin !== undefined && "unpinned" in pin)
    notes.push({ kind: "unpinned", arch, syscall: name, reason: pin.unpinned });
  const wanted = pin === undefined || "unpinned" in pin ? limits : pin.allow;
  const within = wanted.filter((rule) => impliedByAny(rule, limits));
  const beyond = record === undefined ? [] : valuesBeyond(arch, name, record, options);
  if (record !== undefined && beyond.length > 0) notes.push({ ...aboveCeiling(arch, name, record), values: beyond });
  const also =
    pin === undefined || "unpinned" in pin ? [] : (pin.also ?? []).filter(({ rule }) => impliedByAny(rule, limits));
  const entered = [...within, ...also.map(({ rule }) => rule)];
  const forms =
    pin === undefined || "unpinned" in pin
      ? []
      : formsWithin(arch, name, limits, context).filter(({ rule }) => !impliedByAny(rule, entered));
  if (within.length + also.length + forms.length === 0) return false;
  const reason = reasonWith(because, pin);
  const rules = [
    ...within.map((rule): ActionRule => ({ action: allow, rule, because: madeSo(rule, reason, record) })),
    ...also.map((row): ActionRule => ({
      action: allow,
      rule: row.rule,
      because: madeSo(row.rule, reasonBeside(because, row), record),
    })),
  ];
  for (const rule of [...rules, ...forms]) book.add(name, rule);
  if (pin === undefined || "unpinned" in pin) return true;
  notes.push({ kind: "pinned", arch, syscall: name, rules });
  if (pin.lost !== undefined) notes.push({ kind: "unpinned", arch, syscall: name, reason: pin.lost });
  for (const { action, rule, reason, source } of pin.answers) {
    // Two rules that overlap with different answers are decided by libseccomp's own order; only
    // disjoint ones are emitted.
    if (!book.rules.get(name)?.some((other) => isAllowing(other.action) && overlaps(other.rule, rule)))
      book.add(name, { action, rule, because: { type: "fallback", reason, source } });
  }
  return true;
}

/** Why a rule is allowed that stands beside what was seen. */
function reasonBeside(because: Because, { reason, source, words, seen = false }: Also): Because {
  const only = words === undefined ? {} : { only: words };
  if (because.type === "floor" || because.type === "code" || (because.type === "observed" && seen))
    return { ...because, ...only };
  return { type: "companion", reason, source, ...only };
}

/** Ordinary forms of the call that the code makes, below the ceiling. */
function formsWithin(arch: ScmpArch, name: string, limits: readonly Rule[], context: Context): readonly ActionRule[] {
  const { options, recording } = context;
  if (options.exact || !options.reach) return [];
  return codeForms(recording.code, arch, options.furthestRank)
    .filter((form) => form.name === name && impliedByAny(form.rule, limits))
    .map(({ rule, because }) => ({ action: allow, rule, because }));
}

/**
 * Who made the call as the rule allows it. All programs that made the call, if the recording does
 * not tell.
 */
function madeSo(rule: Rule, because: Because, record: SyscallRecord | undefined): Because {
  const made = record === undefined || because.type !== "observed" ? undefined : madeBy(record);
  if (made === undefined || because.type !== "observed" || rule.conditions.length === 0) return because;
  const indices = record?.args?.indices ?? [];
  const programs = made
    .filter(({ tuple }) => ruleMatches(rule, argsOf(indices, tuple)))
    .flatMap((each) => each.programs);
  return programs.length === 0 ? because : { ...because, processes: [...new Set(programs)].sort() };
}

/** With what the pin has to say. */
function reasonWith(because: Because, pin: ReturnType<typeof pinFor>): Because {
  if (pin === undefined || because.type === "user" || because.type === "profile") return because;
  if (!("unpinned" in pin)) return pin.words === undefined ? because : { ...because, only: pin.words };
  return because.type === "observed" ? { ...because, unpinned: pin.unpinned } : because;
}

function aboveCeiling(
  arch: ScmpArch,
  name: string,
  record: SyscallRecord,
): Extract<PolicyNote, { kind: "above-ceiling" }> {
  return {
    kind: "above-ceiling",
    arch,
    syscall: name,
    results: record.results,
    processes: record.processes,
    values: undefined,
  };
}

/**
 * Could one call match both? Exact for masked comparisons of the same argument, true where in
 * doubt.
 */
function overlaps(a: Rule, b: Rule): boolean {
  return !a.conditions.some((left) =>
    b.conditions.some((right) => {
      if (left.index !== right.index || left.op !== "SCMP_CMP_MASKED_EQ" || right.op !== "SCMP_CMP_MASKED_EQ")
        return false;
      const shared = left.mask & right.mask;
      return (left.datum & shared) !== (right.datum & shared);
    }),
  );
}

function allowingRules(filter: Filter | undefined, name: string): readonly Rule[] {
  if (filter === undefined) return [];
  const rules = filter.syscalls.get(name);
  if (rules === undefined) return isAllowing(filter.defaultAction) ? [always] : [];
  return rules.filter(({ action }) => isAllowing(action)).map(({ rule }) => rule);
}

/** The observed argument values that the ceiling does not let through. */
function valuesBeyond(
  arch: ScmpArch,
  name: string,
  record: SyscallRecord,
  { ceiling }: PolicyOptions,
): readonly ArgTuple[] {
  const filter = ceiling.get(arch);
  if (filter === undefined || record.args === undefined || record.args.values === "many") return [];
  const { indices, values } = record.args;
  return values.filter((tuple) => {
    if (tuple[0] === null) return false;
    const args = argsOf(indices, tuple);
    return !isAllowing(evaluate(filter, { arch, name, nr: syscallNumber(arch, name), args }));
  });
}

function argsOf(indices: readonly number[], tuple: ArgTuple): ReturnType<typeof callArgs> {
  const values = Object.fromEntries(tuple.map((value, position) => [indices[position] ?? 0, value ?? 0n]));
  return callArgs(values as { readonly [index in ArgIndex]?: bigint });
}

/** The runtime is a program of the machine's own architecture. */
function addFloor(arches: readonly ScmpArch[], denied: ReadonlySet<string>, context: Context): void {
  const { options, start } = context;
  for (const arch of arches.filter((candidate) => isNative(candidate, options))) {
    for (const { names, reason, source } of floorFor(options.floor, start)) {
      for (const name of names) {
        if (existsOn(arch, name) && !denied.has(name) && !allowsAny(context.book, name))
          addAllowed(arch, name, undefined, { type: "floor", reason, source }, context);
      }
    }
  }
}

/**
 * What a lean recording did not look for may have been called: it stays, whatever floor is chosen,
 * and without companions.
 */
function addUntraced(arches: readonly ScmpArch[], denied: ReadonlySet<string>, context: Context): void {
  const because: Because = {
    type: "companion",
    reason: "not traced (record --lean), so the workload may have made it",
    source: "recording.json, lean",
  };
  for (const arch of arches) {
    for (const name of heldAnyway(arch, [])) {
      if (existsOn(arch, name) && !denied.has(name) && !allowsAny(context.book, name))
        addAllowed(arch, name, undefined, because, context);
    }
  }
}

/** Ordinary calls that the code of the recorded programs can make, below the ceiling as all else. */
function addCode(arches: readonly ScmpArch[], denied: ReadonlySet<string>, context: Context): void {
  for (const arch of arches) {
    for (const { name, because } of codeCalls(context.recording.code, arch, context.options.furthestRank)) {
      if (existsOn(arch, name) && !denied.has(name) && !allowsAny(context.book, name))
        addAllowed(arch, name, undefined, because, context);
    }
    for (const { name } of codeForms(context.recording.code, arch, context.options.furthestRank)) {
      if (!existsOn(arch, name) || denied.has(name) || allowsAny(context.book, name)) continue;
      for (const form of formsWithin(arch, name, allowingRules(context.options.ceiling.get(arch), name), context))
        context.book.add(name, form);
    }
  }
}

/**
 * Calls that code can make, that are more than ordinary and stay denied. The summary names them.
 */
function tellCode(arches: readonly ScmpArch[], { recording, notes, book }: Context): void {
  for (const arch of arches) {
    for (const { name, weight, because } of weightyCodeCalls(recording.code, arch)) {
      if (!existsOn(arch, name) || allowsAny(book, name)) continue;
      const { program, ran, how } = because;
      notes.push({ kind: "in-code", arch, syscall: name, weight, program, ran, how });
    }
  }
}

/** A profile without a start's calls ends the program in its loader. */
function addStart(arches: readonly ScmpArch[], denied: ReadonlySet<string>, context: Context): void {
  for (const arch of arches) {
    for (const { names, reason, source } of startRows) {
      for (const name of names) {
        if (existsOn(arch, name) && !denied.has(name) && !allowsAny(context.book, name))
          addAllowed(arch, name, undefined, { type: "companion", reason, source }, context);
      }
    }
  }
}

function addCompanions(arches: readonly ScmpArch[], denied: ReadonlySet<string>, context: Context): void {
  for (const arch of arches) {
    const calls = Object.entries(context.recording.syscalls[arch] ?? {})
      .filter(([name, record]) => !isInVain(name, record))
      .map(([name]) => name);
    if (calls.length === 0) continue;
    for (const { name, reason, source } of companionsOf({
      calls: new Set(calls),
      programs: context.programs,
      forks: startsProcesses(arch, context.recording),
      isNotInCode: notInCode(arch, context),
    })) {
      if (existsOn(arch, name) && !denied.has(name) && !allowsAny(context.book, name))
        addAllowed(arch, name, undefined, { type: "companion", reason, source }, context);
    }
  }
}

/**
 * Code refutes a guess only if it was read of every program that ran: a script, or a run whose files were
 * gone, leaves it open.
 */
function notInCode(arch: ScmpArch, { recording: { code }, options, programs }: Context): (name: string) => boolean {
  const read = new Map(Object.entries(code?.programs ?? {}));
  const isWhole =
    options.reach && [...programs].every((program) => read.get(program)?.ran !== false && read.has(program));
  return (name) => isWhole && codeAnswer(code, arch, name)?.type === "not-in";
}

/**
 * The name service asks for the socket of nscd, which is hardly ever there: no connection, so
 * nothing goes with it (glibc nscd/nscd_helper.c).
 */
function isInVain(name: string, { results }: SyscallRecord): boolean {
  return name === "connect" && results.every((result) => result === "ENOENT");
}

/** clone(2): with CLONE_THREAD it makes a thread. */
const cloneThread = 0x10000n;

/** Was a process started, or can that not be told? */
function startsProcesses(arch: ScmpArch, { syscalls }: Recording): boolean {
  const { fork, vfork, clone, clone3 } = syscalls[arch] ?? {};
  if (fork !== undefined || vfork !== undefined || clone3?.results.includes("ok") === true) return true;
  if (clone === undefined) return false;
  return (
    clone.args === undefined ||
    clone.args.values === "many" ||
    clone.args.values.some(([flags]) => ((flags ?? 0n) & cloneThread) === 0n)
  );
}

function allowsAny(book: RuleBook, name: string): boolean {
  return book.rules.get(name)?.some(({ action }) => isAllowing(action)) ?? false;
}

/**
 * One principle: what Docker's default denies keeps the answer it has there; what only this profile
 * denies answers ENOSYS, from which libraries fall back. ENOSYS is the default action, and said
 * again for every call: Docker before 23 ignores `defaultErrnoRet` and would answer EPERM, from
 * which programs do not fall back. clone3 answers ENOSYS always: Docker before 20.10.10 says EPERM,
 * under which newer libcs start neither threads nor processes.
 */
function addAnswers(arches: readonly ScmpArch[], { book, options }: Context): void {
  const probes = new Map(probeRows.flatMap((row) => row.names.map((name) => [name, row])));
  for (const arch of arches) {
    const ceiling = options.ceiling.get(arch);
    if (ceiling === undefined) continue;
    for (const name of syscallNames(arch)) {
      if (book.has(name)) continue;
      const there =
        name === "clone3" || allowingRules(ceiling, name).length > 0
          ? enosys
          : evaluate(ceiling, { arch, name, nr: syscallNumber(arch, name), args: callArgs() });
      const probe = probes.get(name);
      if (there.action === "SCMP_ACT_ERRNO" && there.errnoRet === epermNumber) {
        book.add(name, {
          action: eperm,
          rule: always,
          because: {
            type: "fallback",
            reason: "Docker's default denies it too: the same answer",
            source: "moby default profile",
          },
        });
      } else if (probe !== undefined) {
        book.add(name, {
          action: enosys,
          rule: always,
          because: {
            type: "fallback",
            reason: "libraries try it and fall back if the kernel lacks it",
            source: `${probe.who} → ${probe.fallback}`,
          },
        });
      } else if (there === enosys) {
        book.add(name, {
          action: enosys,
          rule: always,
          because: {
            type: "fallback",
            reason: "this profile denies it: answers as a kernel without the call",
            source: "Docker before 23 ignores defaultErrnoRet",
          },
        });
      } else if (options.floor === "old-runc") {
        book.add(name, {
          action: enosys,
          rule: always,
          because: {
            type: "fallback",
            reason: "newer than Docker's default, which answers as if the kernel did not have it",
            source: "runc's stub, libcontainer/seccomp/patchbpf",
          },
        });
      }
    }
  }
}

function assumptionsOf(
  recording: Recording,
  { floor, args, exact, reach, ceilingName }: PolicyOptions,
  { noNewPrivileges }: FloorContext,
): Assumptions {
  return {
    recording: recording.name,
    noNewPrivileges,
    init: recording.runs.some((run) => run.init === true),
    floor,
    args,
    capabilities: capabilitiesBeyond(recording),
    exact,
    // An exact profile says already that nothing else is in it.
    reach: reach || exact,
    mode: "enforce",
    ceiling: ceilingName,
  };
}

function capabilitiesBeyond({ runs }: Recording): BeyondDefault | undefined {
  const beyond = [...new Set(runs.flatMap((run) => run.capabilities ?? []))]
    .filter((name) => !defaultCapabilities.includes(name))
    .sort();
  if (beyond.length === 0) return undefined;
  return {
    more: beyond.length > maxNamed ? beyond.length : beyond,
    inSomeRuns: runs.some((run) => beyond.some((name) => run.capabilities?.includes(name) !== true)),
  };
}
