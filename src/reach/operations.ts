/**
 * Finds the constants that calls get for the arguments that choose among operations: the family of `socket`, the option
 * of `setsockopt`. All arguments of one place are followed together, back to the function's start and on to its
 * callers. So a family stays with its protocol.
 */
import * as bounds from "./bounds.ts";
import { conventions } from "./conventions.ts";
import { KIND } from "./events.ts";
import { forEachLive, type Program } from "./program.ts";
import {
  argumentExtent,
  createSlicer,
  functionOf,
  moveFrame,
  pushedByCall,
  type Passed,
  type Slicer,
} from "./slice.ts";
import { register } from "./steps.ts";
import { numberOf, operationArguments } from "./syscall-names.ts";
import type { Machine } from "./types.ts";

/** Stands for a value that is no constant, or that may be other constants too. */
export const notConstant = -1;

/** One set of values that one function passes. */
export interface CallOperation {
  /** The function that has the values as constants. */
  readonly index: number;
  readonly number: number;
  /** In the order of `operationArguments`. Each is `notConstant` or an unsigned 32-bit value. */
  readonly values: readonly number[];
}

/** A function of the C library that passes its arguments to a call. */
interface Wrapper {
  readonly syscall: string;
  /** The function's argument by the call's argument, if they differ. */
  readonly moved?: Readonly<Record<number, number>>;
}

/** Functions with the name of their call need no row. */
const wrapperRows: Readonly<Record<string, Wrapper>> = {
  clone: { syscall: "clone", moved: { 0: 2 } },
  __clone: { syscall: "clone", moved: { 0: 2 } },
  fallocate64: { syscall: "fallocate" },
  fcntl64: { syscall: "fcntl" },
  posix_madvise: { syscall: "madvise" },
  klogctl: { syscall: "syslog" },
  recv: { syscall: "recvfrom" },
  send: { syscall: "sendto" },
};
/** Functions that have a call's name but take other arguments: syslog(3). */
const otherFunctions: ReadonlySet<string> = new Set(["syslog", "futex"]);

function wrapperOf(name: string): Wrapper | undefined {
  if (Object.hasOwn(wrapperRows, name)) return wrapperRows[name];
  return otherFunctions.has(name) ? undefined : { syscall: name };
}

/** The number of the call to which an import of this name passes its arguments, if they choose an operation. */
export function callBehind(machine: Machine, name: string): number | undefined {
  const wrapper = wrapperOf(name);
  const number = wrapper === undefined ? undefined : numberOf(machine, wrapper.syscall);
  return number === undefined || operationArguments(machine, number).length === 0 ? undefined : number;
}

/** What is known about one argument, or about the call's number, at a place. */
interface Known {
  readonly constants: ReadonlySet<number>;
  readonly isOpen: boolean;
  readonly passed: readonly Passed[];
}

const nothing: Known = { constants: new Set(), isOpen: false, passed: [] };

interface Run {
  readonly program: Program;
  readonly slicer: Slicer;
  /** `callBehind` for the program's machine. */
  readonly callBehind: (name: string) => number | undefined;
  readonly exported: (index: number) => boolean;
  /** Functions that importing objects call by the names above. Their callers are the places that count. */
  readonly wrappers: ReadonlySet<number>;
  readonly found: Map<string, CallOperation>;
  callers: number;
}

/** `names` gives the names of exported functions. */
export function findOperations(
  program: Program,
  names: ReadonlyMap<number, readonly string[]>,
): readonly CallOperation[] {
  const { machine } = program.context.image;
  const calls = new Map<string, number | undefined>();
  const behind = (name: string): number | undefined => {
    const known = calls.get(name);
    if (known !== undefined || calls.has(name)) return known;
    const number = callBehind(machine, name);
    calls.set(name, number);
    return number;
  };
  const isWrapper = (name: string): boolean => name === "syscall" || callBehind(machine, name) !== undefined;
  const run: Run = {
    callBehind: behind,
    program,
    slicer: createSlicer(program, (index) => names.has(index), argumentExtent),
    exported: (index) => names.has(index),
    wrappers: new Set([...names].filter(([, own]) => own.some(isWrapper)).map(([index]) => index)),
    found: new Map(),
    callers: 0,
  };
  const { events } = program.functions;
  forEachLive(program.functions, (event, index) => {
    const kind = events.kind.at(event);
    const at = events.at.at(event);
    if (kind === KIND.site) atSite(run, index, at);
    else if (kind === KIND.slotCall || kind === KIND.slotJump || kind === KIND.slotLoad)
      atImport(run, index, at, program.importAt(events.target.at(event)) ?? "", kind === KIND.slotLoad);
  });
  return [...run.found.values()];
}

function atSite(run: Run, index: number, at: number): void {
  const { number, callArguments } = conventions[run.program.context.image.machine];
  start(run, index, at, slice(run, index, at, number), (argument) => callArguments[argument] ?? 0);
}

function atImport(run: Run, index: number, at: number, name: string, isPointer: boolean): void {
  const { machine } = run.program.context.image;
  const { arguments: registers } = conventions[machine];
  if (name === "syscall") {
    if (!isPointer)
      start(run, index, at, slice(run, index, at, registers[0]), (argument) => registers[argument + 1] ?? 0);
    return;
  }
  const number = run.callBehind(name);
  if (number === undefined) return;
  const known: Known = { ...nothing, constants: new Set([number]) };
  if (isPointer)
    emit(
      run,
      index,
      number,
      operationArguments(machine, number).map(() => ({ ...nothing, isOpen: true })),
    );
  else start(run, index, at, known, (argument) => registers[wrapperOf(name)?.moved?.[argument] ?? argument] ?? 0);
}

function slice(run: Run, index: number, at: number, number: number): Known {
  return fromSlice(run.slicer.slice(index, at, register(number)));
}

function fromSlice({ constants, open, addresses, passed }: ReturnType<Slicer["slice"]>): Known {
  return {
    constants: new Set(constants.map(({ value }) => value >>> 0)),
    isOpen: open.length > 0 || addresses.length > 0,
    passed,
  };
}

/** Looks at the call's number first, because most calls have no argument that chooses an operation. */
function start(run: Run, index: number, at: number, number: Known, registerOf: (argument: number) => number): void {
  const { machine } = run.program.context.image;
  const wanted = new Set([...number.constants].flatMap((value) => operationArguments(machine, value)));
  if (number.passed.length > 0) for (let argument = 0; argument < 6; argument += 1) wanted.add(argument);
  if (wanted.size === 0) return;
  const args = new Map([...wanted].map((argument) => [argument, slice(run, index, at, registerOf(argument))]));
  settle(run, index, number, args, new Set());
}

type Arguments = ReadonlyMap<number, Known>;

/** Writes down what is known at the place, or asks the callers for what they pass. */
function settle(run: Run, index: number, number: Known, args: Arguments, chain: ReadonlySet<number>): void {
  const { program } = run;
  const { machine } = program.context.image;
  const wanted =
    number.passed.length > 0
      ? [...args.keys()]
      : [...new Set([...number.constants].flatMap((value) => operationArguments(machine, value)))];
  if (wanted.length === 0) return;
  const isWaiting = number.passed.length > 0 || wanted.some((argument) => (args.get(argument)?.passed.length ?? 0) > 0);
  if (!isWaiting || chain.has(index) || chain.size > bounds.maxArgumentDepth) return emitAll(run, index, number, args);
  const passedOn = new Set([...chain, index]);
  if (run.exported(index) ? !run.wrappers.has(index) : program.isTaken(index)) emitAll(run, index, number, args);
  const { events } = program.functions;
  for (const event of program.incoming(index)) {
    const kind = events.kind.at(event);
    if (kind === KIND.fall || events.target.at(event) !== program.functions.starts[index]) continue;
    run.callers += 1;
    if (run.callers > bounds.maxArgumentCallers) return emitAll(run, index, number, args);
    const at = events.at.at(event);
    const caller = functionOf(program, at);
    const pushed = kind === KIND.call ? pushedByCall[machine] : 0;
    if (caller < 0) continue;
    settle(
      run,
      caller,
      atCaller(run, caller, at, pushed, number),
      new Map(wanted.map((argument) => [argument, atCaller(run, caller, at, pushed, args.get(argument) ?? nothing)])),
      passedOn,
    );
  }
}

/** What the caller knows of a value that it passes in. */
function atCaller(run: Run, caller: number, at: number, pushed: number, known: Known): Known {
  const { program, slicer } = run;
  const lifted = program.lifted(caller);
  const step = lifted.steps[lifted.indexOf(at)];
  let { constants, isOpen } = known;
  const passed: Passed[] = [];
  for (const { place, then } of known.passed) {
    const moved = step === undefined ? undefined : moveFrame(place, step.stack - pushed);
    const found = moved === undefined ? { ...nothing, isOpen: true } : fromSlice(slicer.slice(caller, at, moved, then));
    constants = new Set([...constants, ...found.constants]);
    isOpen ||= found.isOpen;
    passed.push(...found.passed);
  }
  return { constants, isOpen, passed };
}

function emitAll(run: Run, index: number, number: Known, args: Arguments): void {
  const { machine } = run.program.context.image;
  for (const value of number.constants) {
    const wanted = operationArguments(machine, value);
    if (wanted.length > 0)
      emit(
        run,
        index,
        value,
        wanted.map((argument) => args.get(argument) ?? { ...nothing, isOpen: true }),
      );
  }
}

/** Every combination of the values. */
function emit(run: Run, index: number, number: number, args: readonly Known[]): void {
  let tuples: readonly (readonly number[])[] = [[]];
  for (const { constants, isOpen, passed } of args) {
    const all = [...constants].sort((a, b) => a - b);
    const isKnown = all.length > 0 && tuples.length * all.length <= bounds.maxArgumentValues;
    const values = [...(isKnown ? all : []), ...(isKnown && !isOpen && passed.length === 0 ? [] : [notConstant])];
    tuples = tuples.flatMap((tuple) => values.map((value) => [...tuple, value]));
  }
  for (const values of tuples) run.found.set([index, number, ...values].join(":"), { index, number, values });
}
