/**
 * The values that a register can have at an instruction. A slice goes backwards over every way through the function
 * and, if the value was passed in, through its callers. A way that the slice cannot follow is listed as "open", so no
 * value is missing silently.
 */
import * as bounds from "./bounds.ts";
import { i32 } from "./bytes.ts";
import { offsetOf } from "./elf.ts";
import { KIND, isWritable } from "./events.ts";
import { forEachLive, type Lifted, type Program } from "./program.ts";
import { conventions } from "./conventions.ts";
import { numberByName, resultRegister } from "./number-by-name.ts";
import { Numbering, TupleSet } from "./numbering.ts";
import { apply, firstVector, keyOf, samePlace, type Operation, type Place, type Step, type Value } from "./steps.ts";

/** Why a way could not be followed. */
export type OpenReason = "computed" | "called through a pointer" | "kept in memory" | "too many ways";

export interface Slice {
  /** The values, each with the function whose code holds it as a constant. */
  readonly constants: readonly { readonly value: number; readonly index: number }[];
  /** The values that are addresses of data. */
  readonly addresses: readonly { readonly rva: number; readonly index: number }[];
  readonly open: readonly { readonly reason: OpenReason; readonly index: number }[];
  /**
   * The exported functions that get the value from other objects, and the argument that brings it. A slice that ends at
   * the function's start lists every function that gets the value from its caller.
   */
  readonly passed: readonly Passed[];
}

/** Where a function gets the value, and what it does to the value before it passes it on. */
export interface Passed {
  readonly index: number;
  readonly place: Place;
  readonly then: readonly Operation[];
}

/**
 * A question: what is the value of `place` before step `step` of function `index`? The operations in `then` still have
 * to be applied to that value.
 */
interface Question {
  readonly index: number;
  readonly step: number;
  readonly place: Place;
  readonly then: readonly Operation[];
  /**
   * For memory behind a pointer: the step at which this function first asked for it. If the pointer turns out to be the
   * address of a place on the stack, the slice looks for stores from that step back. Such a store may stand after the
   * instruction that made the pointer.
   */
  readonly origin: number;
}

export interface Slicer {
  /** Values of a place before the instruction at `at` in function `index`. */
  slice(index: number, at: number, place: Place, then?: readonly Operation[]): Slice;
}

/** How far a slicer goes back. */
export interface Extent {
  /** Through the callers, or only to the function's start? */
  readonly throughCallers: boolean;
  readonly steps: number;
  readonly allSteps: number;
  /** The name for `limits` if all steps are used up. Absent if a cut slice loses nothing. */
  readonly limit?: string;
}

const wholeExtent: Extent = {
  throughCallers: true,
  steps: bounds.maxSliceSteps,
  allSteps: bounds.maxAllSliceSteps,
  limit: "maxAllSliceSteps",
};

/**
 * The extent for arguments. It ends at the function's start, because all arguments are followed to the callers
 * together.
 */
export const argumentExtent: Extent = {
  throughCallers: false,
  steps: bounds.maxArgumentSteps,
  allSteps: bounds.maxAllArgumentSteps,
};

/** At most this many operations on the way: a loop that counts would add more without end. */
const maxOperations = 5;
/** At most this many pointers to pointers. */
const maxPointers = 3;

/** The number of bytes that a call pushes: the return address on x86-64, nothing on aarch64. */
export const pushedByCall = { "x86-64": 8, aarch64: 0 } as const;

/** A slicer, and the findings of the slice in hand. */
interface Run {
  readonly program: Program;
  readonly exported: (index: number) => boolean;
  readonly extent: Extent;
  readonly numbering: Numbering;
  readonly stores: (rva: number) => readonly { readonly index: number; readonly at: number }[];
  /** The places that take the address of a function. */
  readonly references: (rva: number) => readonly { readonly index: number; readonly at: number }[];
  /** Does only the function that reads the variable name it? Then no code sets the variable, and it stays zero. */
  readonly isOnlyRead: (rva: number) => boolean;
  readonly queue: Question[];
  readonly seen: TupleSet;
  constants: Map<string, { value: number; index: number }>;
  addresses: Map<string, { rva: number; index: number }>;
  open: Map<string, { reason: OpenReason; index: number }>;
  passed: Map<string, Passed>;
}

export function createSlicer(program: Program, exported: (index: number) => boolean, extent = wholeExtent): Slicer {
  let left = extent.allSteps;
  const run = createRun(program, exported, extent);
  /** Finished slices. The same question comes again for each place that gets its arguments from the same callers. */
  const known = new Map<string, { readonly slice: Slice; readonly cost: number }>();
  return {
    slice(index, at, place, then = []) {
      const key = [index, at, run.numbering.ofPlace(place), run.numbering.ofOperations(then)].join(":");
      const found = known.get(key);
      if (found !== undefined && found.cost <= left) {
        left -= found.cost;
        return found.slice;
      }
      startSlice(run, index, at, place, then);
      const before = left;
      for (let steps = 0; run.queue.length > 0; steps += 1) {
        left -= 1;
        if (steps > extent.steps || left < 0) {
          if (left < 0 && extent.limit !== undefined) program.context.image.limits.add(extent.limit);
          fail(run, index, "too many ways");
          break;
        }
        const question = run.queue.pop();
        if (question !== undefined) goBack(run, question);
      }
      const slice: Slice = {
        constants: [...run.constants.values()],
        addresses: [...run.addresses.values()],
        open: [...run.open.values()],
        passed: [...run.passed.values()],
      };
      if (left >= 0) known.set(key, { slice, cost: before - left });
      return slice;
    },
  };
}

function createRun(program: Program, exported: (index: number) => boolean, extent: Extent): Run {
  let stores: Places | undefined;
  let references: Places | undefined;
  const onlyRead = new Map<number, boolean>();
  return {
    program,
    exported,
    extent,
    numbering: new Numbering(),
    stores: (rva) => (stores ??= indexEvents(program, [KIND.store]))(rva),
    references: (rva) => (references ??= indexEvents(program, [KIND.reference, KIND.immediate]))(rva),
    isOnlyRead: (rva) => {
      let known = onlyRead.get(rva);
      if (known === undefined)
        onlyRead.set(rva, (known = onlyRead.size < bounds.maxVariableScans && program.isNamedByOneFunction(rva)));
      return known;
    },
    queue: [],
    seen: new TupleSet(),
    constants: new Map(),
    addresses: new Map(),
    open: new Map(),
    passed: new Map(),
  };
}

function startSlice(run: Run, index: number, at: number, place: Place, then: readonly Operation[]): void {
  run.queue.length = 0;
  run.seen.clear();
  run.constants = new Map();
  run.addresses = new Map();
  run.open = new Map();
  run.passed = new Map();
  const step = run.program.lifted(index).indexOf(at);
  if (step < 0) fail(run, index, "computed");
  else ask(run, index, step, place, then);
}

type Places = (rva: number) => readonly { readonly index: number; readonly at: number }[];

/** Events of some kinds by their target. */
function indexEvents(program: Program, kinds: readonly number[]): Places {
  const { events } = program.functions;
  const byTarget = new Map<number, { index: number; at: number }[]>();
  forEachLive(program.functions, (event, index) => {
    if (!kinds.includes(events.kind.at(event))) return;
    const rva = events.target.at(event);
    const known = byTarget.get(rva);
    if (known === undefined) byTarget.set(rva, [{ index, at: events.at.at(event) }]);
    else known.push({ index, at: events.at.at(event) });
  });
  return (rva) => byTarget.get(rva) ?? [];
}

function fail(run: Run, index: number, reason: OpenReason): void {
  run.open.set(`${index}:${reason}`, { index, reason });
}

/** `origin` is the earlier question's origin, if both questions ask for memory in the same function. */
function ask(run: Run, index: number, step: number, place: Place, then: readonly Operation[], origin = step): void {
  if (then.length > maxOperations || depthOf(place) > maxPointers) return fail(run, index, "computed");
  const first = place.in === "memory" ? origin : step;
  const { numbering } = run;
  if (!run.seen.add(index, step, first, numbering.ofPlace(place), numbering.ofOperations(then))) return;
  const question: Question = { index, step, place, then, origin: first };
  if (place.in === "variable") return askVariable(run, question, place.rva);
  if (place.in === "memory" && place.pointer.in === "variable") {
    return askBehindVariable(run, question, place.pointer.rva, place.offset);
  }
  run.queue.push(question);
}

function depthOf(place: Place): number {
  return place.in === "memory" ? 1 + depthOf(place.pointer) : 0;
}

function answer(run: Run, index: number, value: number, then: readonly Operation[]): void {
  const result = apply(then, value);
  run.constants.set(`${index}:${result}`, { value: result, index });
}

/** Asks each step that can come before. */
function goBack(run: Run, question: Question): void {
  const { program } = run;
  const { index, step } = question;
  const lifted = program.lifted(index);
  for (const before of lifted.before(step)) {
    const earlier = lifted.steps[before];
    if (earlier === undefined) continue;
    const proven = provenBy(earlier, question.place, lifted.steps[step]?.at ?? -1);
    // A branch proves only one of several arguments. The callers pass the others, and pass them together with their own
    // value of this one, not with the proven value. For example, Go's socket compares the family with AF_INET6 on every
    // way.
    if (proven !== undefined && (run.extent.throughCallers || proven === 0)) answer(run, index, proven, question.then);
    else transfer(run, question, index, before, earlier);
  }
  const here = lifted.steps[step];
  if (here !== undefined) fromOutside(run, question, here);
}

/**
 * The value of a place that a branch proves on the way to `at`: `test %rax,%rax; je`. (musl makes the call `read` in
 * this way. Its number is 0.)
 */
function provenBy({ proves, target, next }: Step, place: Place, at: number): number | undefined {
  if (proves === undefined || !samePlace(proves.place, place) || target === next) return undefined;
  return (proves.when === "taken" ? target : next) === at ? proves.value : undefined;
}

/** Asks at the calls, jumps and falls that come from other functions, and at the function's calls of itself. */
function fromOutside(run: Run, question: Question, here: Step): void {
  const { program } = run;
  const { index, place, then } = question;
  const { functions, context } = program;
  const { events } = functions;
  const isStart = here.at === functions.starts[index];
  const endsHere = isStart && !run.extent.throughCallers;
  let isLabel = false;
  for (const event of program.incoming(index)) {
    if (events.target.at(event) !== here.at) continue;
    const at = events.at.at(event);
    const kind = events.kind.at(event);
    if (kind === KIND.fall) isLabel = true;
    else if (endsHere) continue;
    fromEvent(run, at, kind === KIND.call ? pushedByCall[context.image.machine] : 0, kind === KIND.fall, place, then);
  }
  if (!isStart) return;
  if (endsHere || run.exported(index)) {
    const key = [index, keyOf(place), ...then.map(({ op, by }) => `${op}${by}`)].join(":");
    run.passed.set(key, { index, place, then });
  } else if (program.isTaken(index) && !isLabel) throughCallback(run, question);
}

/**
 * The function's address is taken, so any code may call it. One shape is followed: a pointer to the number is passed
 * beside the function (`__synccall(do_setxid, &c)` in musl, `clone(child, stack, flags, &args)`). A place that takes
 * the address in another shape is open.
 */
function throughCallback(run: Run, { index, place, then }: Question): void {
  const { program } = run;
  const { arguments: argumentRegisters } = conventions[program.context.image.machine];
  const uses = run.references(program.functions.starts[index] ?? -1);
  const isContext =
    place.in === "memory" &&
    place.pointer.in === "register" &&
    (argumentRegisters as readonly number[]).includes(place.pointer.register);
  if (!isContext || uses.length === 0) return fail(run, index, "called through a pointer");
  for (const { index: user, at } of uses) {
    const lifted = program.lifted(user);
    const call = lifted.steps.findIndex(
      (step) => step.at >= at && (step.flow === "call" || step.flow === "indirect-call"),
    );
    const addresses = call < 0 ? [] : argumentRegisters.flatMap((number) => addressIn(lifted, call, number));
    if (addresses.length === 0) fail(run, index, "called through a pointer");
    for (const offset of addresses) ask(run, user, call, { in: "stack", offset: offset + place.offset }, then);
  }
}

/** The stack address that the register holds at the call, if a straight way before the call puts it there. */
function addressIn(lifted: Lifted, call: number, argument: number): readonly number[] {
  let number = argument;
  for (let step = call; step > 0; step -= 1) {
    const before = lifted.steps[step - 1];
    if (before === undefined || before.flow !== "next" || before.next !== lifted.steps[step]?.at) return [];
    const write = before.writes.find(({ to }) => to.in === "register" && to.register === number);
    if (write?.value.is === "copy" && write.value.of.in === "register" && write.value.then === undefined) {
      number = write.value.of.register;
      continue;
    }
    if (write !== undefined) {
      return write.value.is === "address" && write.value.of.in === "stack" ? [write.value.of.offset] : [];
    }
    if ((before.clobbers & (1 << number)) !== 0) return [];
  }
  return [];
}

function fromEvent(
  run: Run,
  at: number,
  pushed: number,
  falls: boolean,
  place: Place,
  then: readonly Operation[],
): void {
  const { program } = run;
  const caller = functionOf(program, at);
  if (caller < 0) return;
  const lifted = program.lifted(caller);
  const step = falls ? lifted.steps.length - 1 : lifted.indexOf(at);
  const found = lifted.steps[step];
  if (found === undefined) return fail(run, caller, "computed");
  const moved = moveFrame(place, found.stack - pushed);
  if (moved === undefined) return fail(run, caller, "computed");
  if (falls)
    transfer(run, { index: caller, step: step + 1, place: moved, then, origin: step + 1 }, caller, step, found);
  else ask(run, caller, step, moved, then);
}

export function functionOf(program: Program, rva: number): number {
  const { starts, ends } = program.functions;
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) <= rva) low = middle + 1;
    else high = middle;
  }
  return low > 0 && rva < (ends[low - 1] ?? 0) ? low - 1 : -1;
}

/** The same place in the caller's terms: the caller's stack pointer at the call is the callee's zero. */
export function moveFrame(place: Place, by: number): Place | undefined {
  if (place.in === "stack") return Number.isNaN(by) ? undefined : { in: "stack", offset: place.offset + by };
  if (place.in !== "memory") return place;
  const pointer = moveFrame(place.pointer, by);
  return pointer === undefined ? undefined : { ...place, pointer };
}

/** Asks for the place that holds, before the step, the value that `place` has after it. */
function transfer(run: Run, { place, then, origin }: Question, index: number, before: number, step: Step): void {
  const write = step.writes.find(({ to }) => samePlace(to, place));
  if (write !== undefined) return follow(run, index, before, write.value, then);
  if (isLost(step, place)) {
    const number = isResult(run, step, place)
      ? numberByName(run.program, run.program.lifted(index), before)
      : undefined;
    return number === undefined ? fail(run, index, "computed") : answer(run, index, number, then);
  }
  const places = place.in === "memory" ? throughPointer(run, step, place) : [place];
  if (places === undefined) return fail(run, index, "kept in memory");
  for (const earlier of places) {
    const isFound = place.in === "memory" && earlier.in === "stack";
    ask(run, index, isFound ? origin : before, earlier, then, origin);
  }
}

/** Is the place the result of a function's call, and will that result be used as a syscall's number? */
function isResult({ extent }: Run, { flow }: Step, place: Place): boolean {
  const isCall = flow === "call" || flow === "indirect-call";
  return extent.throughCallers && isCall && place.in === "register" && place.register === resultRegister;
}

/** Does the step overwrite a register that the place needs? */
function isLost(step: Step, place: Place): boolean {
  if (place.in === "register") {
    if (place.register >= firstVector) return ((step.vectors >> ((place.register - firstVector) >> 1)) & 1) !== 0;
    return (step.clobbers & (1 << place.register)) !== 0;
  }
  return (
    place.in === "memory" && !step.writes.some(({ to }) => samePlace(to, place.pointer)) && isLost(step, place.pointer)
  );
}

function follow(run: Run, index: number, step: number, value: Value, then: readonly Operation[]): void {
  switch (value.is) {
    case "constant":
      return answer(run, index, value.value, then);
    case "copy":
      return ask(run, index, step, value.of, value.then === undefined ? then : [value.then, ...then]);
    case "either":
      for (const one of value.values) follow(run, index, step, one, then);
      return;
    case "address":
      if (value.of.in !== "variable" || then.length > 0) return fail(run, index, "computed");
      run.addresses.set(`${index}:${value.of.rva}`, { rva: value.of.rva, index });
  }
}

/** Memory behind a pointer, if the step sets the pointer. */
function throughPointer(run: Run, step: Step, place: Place & { readonly in: "memory" }): readonly Place[] | undefined {
  const write = step.writes.find(({ to }) => samePlace(to, place.pointer));
  if (write !== undefined) return behind(run, write.value, place.offset);
  if (place.pointer.in !== "memory") return [place];
  return throughPointer(run, step, place.pointer)?.map(
    (pointer) => ({ in: "memory", pointer, offset: place.offset }) as const,
  );
}

function behind(run: Run, value: Value, offset: number): readonly Place[] | undefined {
  switch (value.is) {
    case "constant":
      return [{ in: "variable", rva: value.value - run.program.context.image.base + offset }];
    case "copy":
      if (value.then === undefined) return [{ in: "memory", pointer: value.of, offset }];
      return value.then.op === "add"
        ? [{ in: "memory", pointer: value.of, offset: offset + value.then.by }]
        : undefined;
    case "address":
      if (value.of.in === "stack") return [{ in: "stack", offset: value.of.offset + offset }];
      return value.of.in === "variable" ? [{ in: "variable", rva: value.of.rva + offset }] : undefined;
    case "either": {
      const places = value.values.map((one) => behind(run, one, offset));
      return places.includes(undefined) ? undefined : places.flatMap((some) => some ?? []);
    }
  }
}

/**
 * A variable has its initial value, and each value that an instruction of the object stores in it by name. A constant
 * in read-only data is just read.
 */
function askVariable(run: Run, question: Question, rva: number): void {
  const { image } = run.program.context;
  const offset = offsetOf(image, rva);
  if (!isWritable(run.program.context, rva)) {
    if (offset < 0) return fail(run, question.index, "kept in memory");
    return answer(run, question.index, i32(image.source, offset), question.then);
  }
  const initial = offset < 0 ? 0 : i32(image.source, offset);
  if (initial !== 0) {
    answer(run, question.index, initial, question.then);
    if (run.stores(rva).length === 0) return;
  } else if (run.stores(rva).length === 0 && run.isOnlyRead(rva)) return answer(run, question.index, 0, question.then);
  forEachStore(run, question, rva, (index, step, value) => follow(run, index, step, value, question.then));
}

/**
 * A variable that holds a pointer to the wanted value (glibc's `xidcmd`). Looks behind each pointer that code stores in
 * it.
 */
function askBehindVariable(run: Run, question: Question, rva: number, offset: number): void {
  forEachStore(run, question, rva, (index, step, value) => {
    // A pointer that is reset to zero says nothing.
    if (value.is === "constant" && value.value === 0) return;
    const places = behind(run, value, offset);
    if (places === undefined) fail(run, index, "kept in memory");
    else for (const place of places) ask(run, index, step, place, question.then);
  });
}

function forEachStore(
  run: Run,
  question: Question,
  rva: number,
  visit: (index: number, step: number, value: Value) => void,
): void {
  const stores = run.stores(rva);
  if (stores.length === 0 || stores.length > bounds.maxStoreSearches) {
    return fail(run, question.index, "kept in memory");
  }
  for (const store of stores) {
    const lifted = run.program.lifted(store.index);
    const step = lifted.indexOf(store.at);
    const write = lifted.steps[step]?.writes.find(({ to }) => to.in === "variable" && to.rva === rva);
    if (write === undefined) fail(run, store.index, "kept in memory");
    else visit(store.index, step, write.value);
  }
}
