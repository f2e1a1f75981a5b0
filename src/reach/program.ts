/**
 * An object while it is analysed. It lifts functions into steps when they are needed, and knows who calls a function
 * and whether a call returns.
 */
import { sortedUnique } from "./bytes.ts";
import { KIND, type SweepContext } from "./events.ts";
import { functionAt, type Functions } from "./functions.ts";
import type { ElfImage } from "./elf.ts";
import { tableTargets } from "./jump-tables.ts";
import { ends, type Step } from "./steps.ts";
import { countNamers } from "./variables.ts";

export type Lift = (image: ElfImage, delta: number, start: number, end: number) => readonly Step[];

/** A function's steps, and what can come before each. */
export interface Lifted {
  readonly steps: readonly Step[];
  /** The index of the step at an rva. -1 if no step starts there. */
  readonly indexOf: (rva: number) => number;
  /** The steps of this function that can come before step i, by index. */
  readonly before: (index: number) => readonly number[];
}

export interface Program {
  readonly context: SweepContext;
  readonly functions: Functions;
  /** Name of the import behind a slot. */
  importAt(slot: number): string | undefined;
  lifted(index: number): Lifted;
  /** Events (calls, jumps, falls) whose target lies in function `index`. */
  incoming(index: number): Uint32Array;
  readonly tableTargets: (index: number) => readonly number[];
  /** Can a call to the rva come back? */
  returns(rva: number, depth?: number): boolean;
  /** Is the address of the function's start in data or in code? */
  isTaken(index: number): boolean;
  /** Does a symbol, an unwind range or another table name the function's start? */
  isNamed(index: number): boolean;
  /** Does the code of only one function name the variable? */
  isNamedByOneFunction(rva: number): boolean;
}

/**
 * Imports that never return, by their manual pages. Without this list, the code that stands after such a call would
 * seem to be reached from it.
 */
const noReturn: ReadonlySet<string> = new Set([
  "abort",
  "exit",
  "_exit",
  "_Exit",
  "quick_exit",
  "__stack_chk_fail",
  "__assert_fail",
  "__assert",
  "__chk_fail",
  "__fortify_fail",
  "longjmp",
  "_longjmp",
  "siglongjmp",
  "__longjmp_chk",
  "pthread_exit",
  "thrd_exit",
  "_Unwind_Resume",
  "__cxa_throw",
  "__cxa_rethrow",
  "__cxa_bad_cast",
  "__cxa_throw_bad_array_new_length",
  "_ZSt9terminatev",
  "__libc_start_main",
  "err",
  "errx",
  "verr",
  "verrx",
]);

/** At most this many steps of lifted functions are kept: about 40 MB. */
const keptSteps = 150_000;

export interface ProgramParts {
  readonly context: SweepContext;
  readonly functions: Functions;
  readonly lift: Lift;
  readonly importAt: (slot: number) => string | undefined;
  readonly taken: Uint8Array;
  readonly isNamed: (index: number) => boolean;
  /** The functions of this object that never return, by rva. */
  readonly neverReturn: readonly number[];
}

export function createProgram({
  context,
  functions,
  lift,
  importAt,
  taken,
  isNamed,
  neverReturn,
}: ProgramParts): Program {
  const kept = new Map<number, Lifted>();
  const memo = new Map<number, boolean>(neverReturn.map((rva) => [rva, false]));
  const tables = new Map<number, readonly number[]>();
  let steps = 0;
  let incoming: ((index: number) => Uint32Array) | undefined;
  let references: Uint32Array | undefined;
  let namers: ((rva: number) => number) | undefined;
  const program: Program = {
    context,
    functions,
    importAt,
    lifted(index) {
      let found = kept.get(index);
      if (found === undefined) {
        if (steps > keptSteps) {
          kept.clear();
          steps = 0;
        }
        found = liftOne(program, lift, index);
        kept.set(index, found);
        steps += found.steps.length;
      }
      return found;
    },
    incoming(index) {
      incoming ??= indexIncoming(functions);
      return incoming(index);
    },
    tableTargets(index) {
      let found = tables.get(index);
      if (found === undefined) {
        references ??= sortedUnique(context.dataReferences.view());
        found = tableTargets(context, functions, references, index);
        tables.set(index, found);
      }
      return found;
    },
    returns: (rva, depth = 0) => returns(program, memo, rva, depth),
    isTaken: (index) => taken[index] === 1,
    isNamed,
    isNamedByOneFunction: (rva) => (namers ??= countNamers(context, functions))(rva) === 1,
  };
  return program;
}

function indexIncoming(functions: Functions): (index: number) => Uint32Array {
  const { events, starts } = functions;
  const flows = (kind: number): boolean => kind === KIND.call || kind === KIND.jump || kind === KIND.fall;
  const first = new Uint32Array(starts.length + 2);
  const holders = new Int32Array(events.length).fill(-1);
  forEachLive(functions, (event) => {
    if (!flows(events.kind.at(event))) return;
    const holder = functionAt(functions, events.target.at(event));
    holders[event] = holder;
    if (holder >= 0) first[holder + 2] = (first[holder + 2] ?? 0) + 1;
  });
  for (let i = 2; i < first.length; i += 1) first[i] = (first[i] ?? 0) + (first[i - 1] ?? 0);
  const sorted = new Uint32Array(first[first.length - 1] ?? 0);
  for (let event = 0; event < holders.length; event += 1) {
    const holder = holders[event] ?? -1;
    if (holder < 0) continue;
    sorted[first[holder + 1] ?? 0] = event;
    first[holder + 1] = (first[holder + 1] ?? 0) + 1;
  }
  return (index) => sorted.subarray(first[index] ?? 0, first[index + 1] ?? 0);
}

/** Visits each event that belongs to a function as it is cut now, and skips those left over from earlier rounds. */
export function forEachLive(functions: Functions, visit: (event: number, index: number) => void): void {
  const { from, to } = functions;
  for (let index = 0; index < from.length; index += 1) {
    for (let event = from[index] ?? 0; event < (to[index] ?? 0); event += 1) visit(event, index);
  }
}

function liftOne(program: Program, lift: Lift, index: number): Lifted {
  const { functions, context } = program;
  const { starts, ends: lasts, deltas } = functions;
  const start = starts[index] ?? 0;
  const steps = lift(context.image, deltas[index] ?? 0, start, lasts[index] ?? 0);
  // One more than the index of the step that begins at each byte.
  const numbers = new Uint32Array((steps.at(-1)?.at ?? start) - start + 1);
  steps.forEach(({ at }, i) => (numbers[at - start] = i + 1));
  const indexOf = (rva: number): number => (numbers[rva - start] ?? 0) - 1;
  const ways = waysInto(program, steps, indexOf, index);
  return { steps, indexOf, before: (i) => ways[i] ?? nowhere };
}

const nowhere: readonly number[] = [];

/**
 * The steps that can come before each step. Absent if none can. If no step is known to lead to a step, every indirect
 * jump of this function is taken to lead there: its jump table may not have been found.
 */
function waysInto(
  program: Program,
  steps: readonly Step[],
  indexOf: (rva: number) => number,
  index: number,
): readonly (readonly number[] | undefined)[] {
  const ways: (number[] | undefined)[] = steps.map(() => undefined);
  const lead = (from: number, to: number): void => {
    const known = ways[to];
    if (known === undefined) ways[to] = [from];
    else known.push(from);
  };
  const indirect: number[] = [];
  steps.forEach(({ flow, target, slot }, i) => {
    if (flow === "jump" || flow === "branch") {
      const label = indexOf(target);
      if (label >= 0) lead(i, label);
    } else if (flow === "indirect-jump" && slot < 0) indirect.push(i);
  });
  if (indirect.length > 0) {
    for (const target of program.tableTargets(index)) {
      const label = indexOf(target);
      if (label >= 0) for (const from of indirect) lead(from, label);
    }
  }
  steps.forEach((step, i) => {
    if (i > 0 && ways[i] === undefined) {
      // Padding that only aligns the label after it leads nowhere.
      if (step.isPadding) return;
      for (const from of indirect) lead(from, i);
    }
    if (steps[i + 1]?.at === step.next && goesOn(program, step)) lead(i, i + 1);
  });
  return ways;
}

function goesOn(program: Program, step: Step): boolean {
  if (step.flow === "call") return program.returns(step.target);
  if (step.flow === "indirect-call" && step.slot >= 0) return !noReturn.has(program.importAt(step.slot) ?? "");
  return !ends(step.flow);
}

/** A longer chain of functions counts as one that returns. */
const maxChain = 6;
/** A function with more bytes counts as one that returns. Hardly any function that never returns is long. */
const maxChecked = 16_384;

function returns(program: Program, memo: Map<number, boolean>, rva: number, depth: number): boolean {
  const known = memo.get(rva);
  if (known !== undefined) return known;
  const { functions } = program;
  const index = functionAt(functions, rva);
  if (index < 0 || depth > maxChain || (functions.ends[index] ?? 0) - (functions.starts[index] ?? 0) > maxChecked) {
    return true;
  }
  memo.set(rva, false);
  const answer = canLeave(program, index, depth);
  memo.set(rva, answer);
  return answer;
}

function canLeave(program: Program, index: number, depth: number): boolean {
  const { functions } = program;
  const { events, from, to } = functions;
  for (let i = from[index] ?? 0; i < (to[index] ?? 0); i += 1) {
    const kind = events.kind.at(i);
    const target = events.target.at(i);
    if (kind === KIND.indirect || kind === KIND.return) return true;
    if (kind === KIND.slotJump && !noReturn.has(program.importAt(target) ?? "")) return true;
    if ((kind === KIND.jump || kind === KIND.fall) && program.returns(target, depth + 1)) return true;
  }
  return false;
}
