import { codeAnswer, servedArchitectures, type Recording, type SyscallRecord } from "../recording/index.ts";
import { impliedByAny, type Action, type Filter, type Rule } from "../seccomp/index.ts";
import { engineArches, hostArch, isSyscallName, multiplexerOf, syscallNames, type ScmpArch } from "../tables/index.ts";
import { admit, admitUnseen, codeCounts, formsWithin } from "./admission.ts";
import { allowingRules } from "./allowing-rules.ts";
import { answerOf, enosys } from "./answers.ts";
import { assumptionsOf } from "./assumptions.ts";
import { codeCalls, codeForms, weightyCodeCalls } from "./code.ts";
import { companionsOf } from "./companions.ts";
import { existsOn, RuleBook, type Draft } from "./draft.ts";
import { floorOn, type FloorContext } from "./floor.ts";
import { heldAnyway } from "./held-anyway.ts";
import { asOldRuncTakes, startsUnderOldRunc } from "./old-runc.ts";
import { addPinAnswers } from "./pin-answers.ts";
import { startRows } from "./start.ts";
import type { Policy, PolicyOptions } from "./types.ts";

const allow: Action = { action: "SCMP_ACT_ALLOW" };
const always: Rule = { conditions: [] };

/**
 * Recording → filters: (observed ∩ ceiling) ∪ floor ∪ code and companions. Each rule has its reason, and denied calls
 * have their answers. The function is pure: the same recording and options give the same policy. Floor, code and
 * companions stay within the ceiling too. Docker has one list of rules for all architectures of a profile, so a call
 * that is allowed on one observed architecture is allowed on all of them. Throws TooManyWays if the ceiling's rules of
 * a call overlap in more ways than can be compared in bounded time.
 */
export function buildPolicy(recording: Recording, given: PolicyOptions): Policy {
  const forOldRunc = startsUnderOldRunc(recording, given.floor);
  const options: PolicyOptions = forOldRunc ? { ...given, floor: "old-runc" } : given;
  const served = servedArchitectures(recording);
  const native = (arch: ScmpArch): boolean => hostArch(arch, served) === arch;
  const arches = [...served].sort((a, b) => Number(native(b)) - Number(native(a)) || (a < b ? -1 : 1));
  const draft = draftFor(recording, options);
  const everywhere = (step: (arch: ScmpArch, draft: Draft) => void): void => {
    for (const arch of arches) step(arch, draft);
  };
  everywhere(addObserved);
  everywhere(addAllowed);
  // The container runtime is a program of the machine's own architecture.
  for (const arch of arches) if (native(arch) || isMachine(arch, recording)) addFloor(arch, draft);
  if (codeCounts(options)) everywhere(addCode);
  if (!options.exact) everywhere(addCompanions);
  if (recording.runs.some(({ lean }) => lean === true)) everywhere(addUntraced);
  if (recording.runs.some(({ withoutStart }) => withoutStart === true)) everywhere(addStart);
  everywhere(noteCode);
  addPinAnswers(draft);
  everywhere(addAnswers);
  const filters = arches.map((arch) => filterOf(arch, draft));
  return {
    filters: forOldRunc ? filters.map(asOldRuncTakes) : filters,
    notes: draft.notes,
    assumptions: assumptionsOf(recording, options, draft.start),
  };
}

function draftFor(recording: Recording, options: PolicyOptions): Draft {
  const { runs, syscalls } = recording;
  const start: FloorContext = {
    noNewPrivileges: runs.length > 0 && runs.every((run) => run.noNewPrivileges === true),
    // A later start may have an init: an engine's configuration can put it before every program.
    init: true,
  };
  const calls = Object.values(syscalls);
  return {
    recording,
    options,
    denied: new Set(options.deny),
    start,
    programs: new Set(calls.flatMap((records) => Object.values(records).flatMap(({ processes }) => processes))),
    glibcPrograms: new Set(calls.flatMap((records) => records["set_robust_list"]?.processes ?? [])),
    book: new RuleBook(),
    answers: new Map(),
    notes: [],
  };
}

function filterOf(arch: ScmpArch, { book }: Draft): Filter {
  const names = book.names().filter((name) => existsOn(arch, name));
  const syscalls = new Map(names.map((name) => [name, book.rulesOf(name)]));
  return { arch, defaultAction: enosys, syscalls, enosysAbove: undefined };
}

/** May the recording be of a 32-bit machine? Then nothing in it ran on the 64-bit architecture. */
function isMachine(arch: ScmpArch, { syscalls }: Recording): boolean {
  return syscalls[hostArch(arch, engineArches)] === undefined;
}

function addObserved(arch: ScmpArch, draft: Draft): void {
  const { recording, options, denied, notes, book } = draft;
  for (const [name, record] of Object.entries(recording.syscalls[arch] ?? {})) {
    if (!isSyscallName(name) || !existsOn(arch, name)) {
      notes.push({ kind: "unknown-syscall", arch, syscall: name });
      continue;
    }
    if (denied.has(name)) continue;
    const because = { type: "observed", processes: record.processes } as const;
    admit(arch, name, record, because, draft);
    const multiplexer = multiplexerOf(arch, name);
    if (multiplexer !== undefined && allowingRules(options.ceiling.get(arch), multiplexer).length > 0)
      book.add(multiplexer, { action: allow, rule: always, because });
  }
}

/** Adds the calls that --allow names, with any arguments. */
function addAllowed(arch: ScmpArch, { options, denied, notes, book }: Draft): void {
  for (const name of options.allow) {
    if (!existsOn(arch, name) || denied.has(name) || book.allowsAlways(name)) continue;
    const isWithin = impliedByAny(always, allowingRules(options.ceiling.get(arch), name));
    if (!isWithin) notes.push({ kind: "allowed-above-ceiling", arch, syscall: name });
    const beyond = isWithin ? {} : { beyond: options.ceilingName };
    book.replace(name, { action: allow, rule: always, because: { type: "user", option: "--allow", ...beyond } });
  }
}

function addFloor(arch: ScmpArch, draft: Draft): void {
  for (const { names, reason, source } of floorOn(arch, draft.options.floor, draft.start))
    for (const name of names) admitUnseen(arch, name, { type: "floor", reason, source }, draft);
}

/**
 * A lean recording did not trace these calls, so the workload may have made them. They stay allowed with any floor, and
 * without companions.
 */
function addUntraced(arch: ScmpArch, draft: Draft): void {
  const reason = "not traced (record --lean), so the workload may have made it";
  for (const name of heldAnyway(arch, []))
    admitUnseen(arch, name, { type: "companion", reason, source: "recording.json, lean" }, draft);
}

/** Ordinary calls that the code of the recorded programs can make. They stay within the ceiling, like all others. */
function addCode(arch: ScmpArch, draft: Draft): void {
  const { recording, options, denied, book } = draft;
  for (const { name, because } of codeCalls(recording.code, arch, options.furthestRank))
    admitUnseen(arch, name, because, draft);
  for (const { name } of codeForms(recording.code, arch, options.furthestRank)) {
    if (!existsOn(arch, name) || denied.has(name) || book.allows(name)) continue;
    for (const form of formsWithin(arch, name, draft)) book.add(name, form);
  }
}

/** Notes the calls that the code can make, that are more than ordinary, and that stay denied. */
function noteCode(arch: ScmpArch, { recording, notes, book }: Draft): void {
  for (const { name, weight, because } of weightyCodeCalls(recording.code, arch)) {
    if (!existsOn(arch, name) || book.allows(name)) continue;
    const { program, ran, how } = because;
    notes.push({ kind: "in-code", arch, syscall: name, weight, program, ran, how });
  }
}

/** A profile without the calls of a program's start ends the program in its loader. */
function addStart(arch: ScmpArch, draft: Draft): void {
  for (const { names, reason, source } of startRows)
    for (const name of names) admitUnseen(arch, name, { type: "companion", reason, source }, draft);
}

function addCompanions(arch: ScmpArch, draft: Draft): void {
  const { recording, programs } = draft;
  const calls = Object.entries(recording.syscalls[arch] ?? {})
    .filter(([name, record]) => !isInVain(name, record))
    .map(([name]) => name);
  if (calls.length === 0) return;
  const forks = startsProcesses(arch, recording);
  const isNotInCode = notInCode(arch, draft);
  for (const { name, reason, source } of companionsOf({ calls: new Set(calls), programs, forks, isNotInCode }))
    admitUnseen(arch, name, { type: "companion", reason, source }, draft);
}

/**
 * Code refutes a guess only if the code of every program that ran was read. A script, or a run whose files are gone,
 * leaves the guess open.
 */
function notInCode(arch: ScmpArch, { recording: { code }, options, programs }: Draft): (name: string) => boolean {
  const read = new Map(Object.entries(code?.programs ?? {}));
  const isWhole =
    options.reach && [...programs].every((program) => read.get(program)?.ran !== false && read.has(program));
  return (name) => isWhole && codeAnswer(code, arch, name)?.type === "not-in";
}

/**
 * The name service asks for nscd's socket, which hardly ever exists. So there is no connection, and no companions
 * follow (glibc nscd/nscd_helper.c).
 */
function isInVain(name: string, { results }: SyscallRecord): boolean {
  return name === "connect" && results.every((result) => result === "ENOENT");
}

/** clone(2): with CLONE_THREAD it makes a thread. */
const cloneThread = 0x10000n;

/** Did calls other than clone3 start a process, and not only threads? True if that is unknown. */
function startsProcesses(arch: ScmpArch, { syscalls }: Recording): boolean {
  const { fork, vfork, clone } = syscalls[arch] ?? {};
  if (fork !== undefined || vfork !== undefined) return true;
  const values = clone?.args?.values ?? "many";
  return values === "many" || values.some(([flags]) => ((flags ?? 0n) & cloneThread) === 0n);
}

function addAnswers(arch: ScmpArch, { book, options }: Draft): void {
  const ceiling = options.ceiling.get(arch);
  if (ceiling === undefined) return;
  for (const name of syscallNames(arch)) {
    if (book.rulesOf(name).length > 0) continue;
    const answer = answerOf(name, ceiling, options.floor);
    if (answer !== undefined) book.add(name, answer);
  }
}
