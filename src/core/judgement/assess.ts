import { diffFilters, newlyPossible, type SyscallChange } from "../diff/index.ts";
import {
  badArchAction,
  callArgs,
  decide,
  fewValues,
  isAllowing,
  partition,
  type Action,
  type ArgIndex,
  type Because,
  type Filter,
  type Rule,
  type SeccompData,
} from "../seccomp/index.ts";
import { exposureOf, exposures, syscallNumber, weigh, type ScmpArch } from "../tables/index.ts";
import type { Assessment, Backing, Level, OpenedValue, Opening } from "./types.ts";

type Filters = ReadonlyMap<ScmpArch, Filter>;

/** What an assessment compares the change with. */
export interface AssessmentContext {
  /** What Docker's default allows. */
  readonly ceiling: Filters;
  /** The profile that the recording gives. `undefined` if there is no recording. */
  readonly derived: Derived | undefined;
}

/** The profiles that recordings give with options, now and before the change. */
export interface Derived {
  readonly now: Filters;
  /** The recording as it is now, with the options as they were. */
  readonly formerOptions: Filters;
  /**
   * The present calls, without the capabilities, engines, architectures and security options that only new runs claim.
   */
  readonly formerFacts: Filters;
  /** Recording and options as they were. `undefined` if there was no recording. */
  readonly before: Filters | undefined;
  /** The arguments with which the recording has a call, as far as they could be read. */
  readonly recorded: (arch: ScmpArch, syscall: string) => readonly ReadonlyMap<ArgIndex, bigint>[];
}

const levels: readonly Level[] = ["danger", "notable", "ordinary"];

const dangerous = exposures.filter(({ level }) => level === "danger").flatMap(({ names }) => names);

/** Judges the change from one resolved profile to another. */
export function assess(before: Filters, after: Filters, context: AssessmentContext): Assessment {
  const whole = diffFilters(before, after);
  // A changed default is one finding for all calls that no rule names.
  const isNamed = ({ arch, syscall }: SyscallChange): boolean =>
    [before, after].some((side) => side.get(arch)?.syscalls.has(syscall) ?? false) ||
    isAllowing(before.get(arch)?.defaultAction ?? badArchAction) ===
      isAllowing(after.get(arch)?.defaultAction ?? badArchAction);
  const diff = { ...whole, syscalls: whole.syscalls.filter(isNamed) };
  const changes = [...diff.syscalls, ...addedArchitectures(before, after).filter(isNamed)];
  const openings = changes
    .filter(({ kind }) => kind === "newly-allowed" || kind === "widened" || kind === "changed")
    .flatMap((change) => opening(change, before, after, context));
  const opened = [...after].filter(
    ([arch, { defaultAction }]) =>
      isAllowing(defaultAction) && !isAllowing(before.get(arch)?.defaultAction ?? badArchAction),
  );
  return {
    diff,
    openings: openings.sort(
      (a, b) =>
        levels.indexOf(a.level) - levels.indexOf(b.level) ||
        Number(b.beyondDocker) - Number(a.beyondDocker) ||
        Number(b.backing.type === "nothing") - Number(a.backing.type === "nothing") ||
        (a.change.syscall < b.change.syscall ? -1 : 1),
    ),
    closings: diff.syscalls.filter(({ kind }) => kind === "no-longer-allowed" || kind === "narrowed"),
    otherAnswers: diff.syscalls.filter(({ kind }) => kind === "denied-differently"),
    pretended: changes.filter(({ arch, syscall }) => pretends(before.get(arch), after.get(arch), syscall)),
    profile: diff.profile,
    open: opened.length > 0,
    dangerousUnnamed: dangerous.filter((name) =>
      opened.some(
        ([arch, filter]) =>
          !filter.syscalls.has(name) &&
          syscallNumber(arch, name) !== undefined &&
          newlyPossible(before.get(arch), filter, undefined, name) !== undefined,
      ),
    ),
  };
}

/** Does the new filter answer errno 0 to some call, where the old filter did not? */
function pretends(before: Filter | undefined, after: Filter | undefined, syscall: string): boolean {
  if (after === undefined || !succeeds(after, syscall)) return false;
  return partition(
    [before, after].flatMap((filter) =>
      filter === undefined ? [] : [{ ask: "answer", filter, name: syscall } as const],
    ),
  ).some((args) => {
    const call = { arch: after.arch, name: syscall, nr: syscallNumber(after.arch, syscall), args };
    return (
      isFalseSuccess(decide(after, call).action) &&
      !(before !== undefined && isFalseSuccess(decide(before, call).action))
    );
  });
}

function succeeds({ defaultAction, syscalls }: Filter, syscall: string): boolean {
  return isFalseSuccess(defaultAction) || (syscalls.get(syscall) ?? []).some(({ action }) => isFalseSuccess(action));
}

function isFalseSuccess(action: Action): boolean {
  return action.action === "SCMP_ACT_ERRNO" && action.errnoRet === 0;
}

/** A newly served architecture: every call through it was killed before. */
function addedArchitectures(before: Filters, after: Filters): readonly SyscallChange[] {
  const added = new Map([...after].filter(([arch]) => !before.has(arch)));
  const killed = new Map(
    [...added.keys()].map((arch): [ScmpArch, Filter] => [
      arch,
      { arch, defaultAction: badArchAction, syscalls: new Map(), enosysAbove: undefined },
    ]),
  );
  return diffFilters(killed, added).syscalls;
}

/**
 * The example is the most telling call. A call beyond Docker's default tells most. A call that the recording does not
 * give comes next, then one that its earlier options did not give. Last come a call with a telling value, and any call.
 */
function opening(
  change: SyscallChange,
  before: Filters,
  after: Filters,
  { ceiling, derived }: AssessmentContext,
): readonly Opening[] {
  const { arch, syscall } = change;
  const [old, filter] = [before.get(arch), after.get(arch)];
  if (filter === undefined) return [];
  const possibleBeyond = (unless: Filters): SeccompData | undefined =>
    newlyPossible(old, filter, unless.get(arch), syscall);
  // A call that only newly claimed facts bring counts as beyond the default that applied before.
  const claimed = derived === undefined ? undefined : claimedCall(derived, old, filter, syscall);
  const beyond = possibleBeyond(ceiling) ?? claimed;
  const unbacked = derived === undefined ? undefined : possibleBeyond(derived.now);
  const byOptions = derived === undefined ? undefined : possibleBeyond(derived.formerOptions);
  const values = tellingValues.filter(
    (each) => each.syscalls.includes(syscall) && isOpened(old, filter, callWith(arch, syscall, each)),
  );
  const [value] = values;
  const telling = beyond ?? unbacked ?? byOptions ?? (value && callWith(arch, syscall, value)) ?? change.witness;
  const given = backingOf(derived, { unbacked, byOptions, witness: telling });
  const example = exampleOf(telling, given, { derived, old, filter });
  const { witness } = example;
  // The reason is the example's own. Another value of the same call may belong to another program.
  const backing = witness === telling ? given : backingOf(derived, { unbacked, byOptions, witness });
  const decision = decide(filter, witness);
  const row = exposureOf(syscall);
  const pinned =
    row?.pinnable === true &&
    syscall !== "ptrace" && // the row of ptrace names the tracing program
    change.after.every(({ action, rule }) => !isAllowing(action) || pins(rule));
  // What Docker's default only forgot (sigaction, where it allows rt_sigaction) harms nobody.
  const exceeds = beyond !== undefined && (claimed !== undefined || weigh(syscall).weight !== "ordinary");
  const danger = exceeds || value?.level === "danger" || (row?.level === "danger" && !pinned);
  return [
    {
      change: {
        ...change,
        witness,
        was: old === undefined ? change.was : decide(old, witness).action,
        is: decision.action,
      },
      values: valuesOf(change, old, filter),
      made: example.made,
      level: danger
        ? "danger"
        : row !== undefined || value !== undefined || beyond !== undefined || change.kind !== "newly-allowed"
          ? "notable"
          : "ordinary",
      exposes: value === undefined ? row?.reason : values.map(({ reason }) => reason).join("; "),
      backing,
      claim: decision.by === "rule" ? decision.rule.because : undefined,
      beyondDocker: beyond !== undefined,
      byClaims: claimed !== undefined,
    },
  ];
}

/** A call that became possible. The recording gives it only because of facts that new runs claim. */
function claimedCall(
  { now, formerFacts }: Derived,
  before: Filter | undefined,
  after: Filter,
  syscall: string,
): SeccompData | undefined {
  const [given, without] = [now.get(after.arch), formerFacts.get(after.arch)];
  const call = newlyPossible(before, after, without, syscall);
  if (call === undefined || given === undefined || !isAllowing(decide(given, call).action)) return undefined;
  return call;
}

/** A value of an argument that opens more than the call's name says. */
interface TellingValue {
  readonly syscalls: readonly string[];
  readonly index: ArgIndex;
  readonly value: bigint;
  readonly level: "danger" | "notable";
  readonly reason: string;
}

/**
 * Sources: packet(7), AF_XDP (Documentation/networking/af_xdp.rst), vsock(7), AF_ALG
 * (Documentation/crypto/userspace-if.rst), ioctl_tty(2), ioctl_console(2), mprotect(2). The most dangerous come first.
 */
const tellingValues: readonly TellingValue[] = [
  {
    syscalls: ["socket"],
    index: 0,
    value: 17n,
    level: "danger",
    reason: "AF_PACKET reads and forges packets of the whole network namespace",
  },
  {
    syscalls: ["socket"],
    index: 0,
    value: 44n,
    level: "danger",
    reason: "AF_XDP takes packets from the network card, past the network stack",
  },
  {
    syscalls: ["socket"],
    index: 0,
    value: 40n,
    level: "danger",
    reason: "AF_VSOCK reaches the hypervisor and other virtual machines",
  },
  {
    syscalls: ["socket"],
    index: 0,
    value: 38n,
    level: "danger",
    reason: "AF_ALG reaches the kernel's cryptography, with which exploits wrote to files",
  },
  {
    syscalls: ["ioctl"],
    index: 1,
    value: 0x5412n,
    level: "danger",
    reason: "TIOCSTI types into the terminal that the container shares with its user",
  },
  {
    syscalls: ["ioctl"],
    index: 1,
    value: 0x541cn,
    level: "danger",
    reason: "TIOCLINUX pastes into the machine's console",
  },
  {
    syscalls: ["mmap", "mmap2", "mprotect", "pkey_mprotect"],
    index: 2,
    value: 7n,
    level: "notable",
    reason: "memory that is writable and executable runs whatever is written into it",
  },
];

function callWith(arch: ScmpArch, syscall: string, { index, value }: TellingValue): SeccompData {
  const args = callArgs({ [index]: value });
  return { arch, name: syscall, nr: syscallNumber(arch, syscall), args };
}

function isOpened(before: Filter | undefined, after: Filter, call: SeccompData): boolean {
  if (!isAllowing(decide(after, call).action)) return false;
  return before === undefined || !isAllowing(decide(before, call).action);
}

/**
 * `unbacked` is a call that the recording does not give with its present options. `byOptions` is a call that it does
 * not give with its earlier options.
 */
function backingOf(
  derived: Derived | undefined,
  {
    unbacked,
    byOptions,
    witness,
  }: {
    readonly unbacked: SeccompData | undefined;
    readonly byOptions: SeccompData | undefined;
    readonly witness: SeccompData;
  },
): Backing {
  if (derived === undefined) return { type: "no-recording" };
  const nothing: Backing = {
    type: "nothing",
    others: (derived.now.get(witness.arch)?.syscalls.get(witness.name) ?? []).some(({ action }) => isAllowing(action)),
  };
  if (unbacked !== undefined) return nothing;
  const asked = byOptions ?? witness;
  const because = reasonFor(derived.now.get(asked.arch), asked);
  // The default action of a derived profile allows nothing, so rules give all that it allows.
  if (because === undefined) return nothing;
  if (byOptions !== undefined) return { type: "options", because };
  return { type: "recording", because, fresh: reasonFor(derived.before?.get(witness.arch), witness) === undefined };
}

function reasonFor(filter: Filter | undefined, call: SeccompData): Because | undefined {
  const decision = filter === undefined ? undefined : decide(filter, call);
  return decision?.by === "rule" && isAllowing(decision.action) ? decision.rule.because : undefined;
}

/** For a recorded call, the example is one that the recording has. `made` lists the arguments that could be read. */
function exampleOf(
  telling: SeccompData,
  backing: Backing,
  {
    derived,
    old,
    filter,
  }: { readonly derived: Derived | undefined; readonly old: Filter | undefined; readonly filter: Filter },
): { readonly witness: SeccompData; readonly made: readonly ArgIndex[] | undefined } {
  const isRecorded = backing.type === "recording" && backing.because.type === "observed";
  if (derived === undefined || !isRecorded) return { witness: telling, made: undefined };
  const calls = derived.recorded(telling.arch, telling.name).map((known) => ({
    made: [...known.keys()],
    witness: { ...telling, args: callArgs(Object.fromEntries(known)) },
  }));
  const opened = calls.filter(({ witness }) => isOpened(old, filter, witness));
  const isTelling = ({ witness, made }: (typeof calls)[number]): boolean =>
    made.every((index) => witness.args[index] === telling.args[index]);
  return opened.find(isTelling) ?? opened[0] ?? { witness: telling, made: [] };
}

/** The single values that became possible. Empty if any value became possible. */
function valuesOf({ arch, syscall, after }: SyscallChange, old: Filter | undefined, filter: Filter): OpenedValue[] {
  const named = after
    .filter(({ action }) => isAllowing(action))
    .map(({ rule }) => ({ rule, named: rule.conditions.find((condition) => fewValues(condition) !== undefined) }));
  if (named.some((rule) => rule.named === undefined)) return [];
  const values = new Map<string, OpenedValue>();
  for (const { rule, named: condition } of named) {
    if (condition === undefined) continue;
    const { index } = condition;
    const data = Object.fromEntries(rule.conditions.map((each) => [each.index, each.datum]));
    for (const value of fewValues(condition) ?? []) {
      const args = callArgs({ ...data, [index]: value });
      if (isOpened(old, filter, { arch, name: syscall, nr: syscallNumber(arch, syscall), args }))
        values.set(`${index} ${value}`, { index, value });
    }
  }
  const isDangerous = ({ index, value }: OpenedValue): boolean =>
    tellingValues.some((each) => each.syscalls.includes(syscall) && each.index === index && each.value === value);
  return [...values.values()].sort((a, b) => Number(isDangerous(b)) - Number(isDangerous(a)));
}

/** Is some argument pinned to one value or one set of bits? "Anything but" and ranges pin nothing. */
function pins({ conditions }: Rule): boolean {
  return conditions.some(
    (condition) => condition.op === "SCMP_CMP_EQ" || (condition.op === "SCMP_CMP_MASKED_EQ" && condition.mask !== 0n),
  );
}
