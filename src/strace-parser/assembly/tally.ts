import { asterisk, comma, greater, inSimple, is, isSame, minus, slash } from "./bytes";
import {
  atArgs, atArgsEnd, atEvent, atKind, atLine, atName, atNumber, atPid, atStart, firstFailure,
  head, otherValues, tail,
} from "./layout";
import { args, argsEnd, event, isInjected, name, number, origin, pid, result, resultEnd, resultFrom } from "./line";

/**
 * Calls that are only counted, because the log's reader wants no more calls like them (../tally.ts). Calls are alike if
 * threads of one group made them, their names are the same, they succeeded or failed in the same way, and their
 * inspected arguments are the same text.
 */

/**
 * A thread that makes such calls. It has four numbers. The first is its pid plus 2, so that none is 0. Then come its
 * group, or 0, and the entry of its last call, if that was only counted. The last is the call that the thread is inside
 * of.
 */
const mostThreads: i32 = 2048;
const threadMask: u32 = 4095;
const threadBytes: usize = 44;
const ofKey: usize = 0;
const ofGroup: usize = 4;
const ofLatest: usize = 8;
/**
 * 0 if the thread is inside of no call, `elsewhere` if the caller knows the call. Otherwise the call's first half was
 * passed over, and this is where that half begins.
 */
const ofOpen: usize = 12;
const ofOpenName: usize = 16;
const ofOpenArgs: usize = 20;
const ofOpenArgsEnd: usize = 24;
const ofOpenLine: usize = 28;
const ofOpenPlace: usize = 32;
const ofOpenNumber: usize = 36;
const ofOpenEvent: usize = 40;
const threads: usize = memory.data(44 * 4096);
let threadCount: i32 = 0;
const elsewhere: usize = 1;

/**
 * At most this many threads are inside of calls whose first half was passed over. It is less than the highest number of
 * open calls (parser.ts, `maxOpen`).
 */
const mostOpen: i32 = 1024;
const openThreads: usize = memory.data(4 * 1024);
export let openCount: i32 = 0;
/** The number of calls of the text that were only counted. */
export let counted: i32 = 0;
/**
 * The line of the first half that was passed over last, counted as `lines` counts (plain-lines.ts). Its call may have
 * ended since. 0 if none was passed over since the caller last asked.
 */
export let latestHead: i32 = 0;

/**
 * A kind of call that is only counted: group, name, outcome, the length of its arguments, and the arguments. Then comes
 * the number of calls. Last comes whether a call was certainly carried out, because its thread went on.
 */
const mostEntries: i32 = 4096;
const entryMask: u32 = 8191;
const entryBytes: usize = 160;
const ofName: usize = 4;
const ofOutcome: usize = 8;
const ofLength: usize = 12;
const ofArgs: usize = 16;
const ofCalls: usize = 144;
const ofSettled: usize = 152;
const longestArgs: u32 = 128;
const entries: usize = memory.data(160 * 4096);
let entryCount: i32 = 0;
const entrySlots: usize = memory.data(4 * 8192);

/**
 * Which arguments of a call are inspected, by its name. 0 means none. Otherwise it is 128, plus 16 times the first,
 * plus the last.
 */
const inspected: usize = memory.data(4096);

/** The numbers of a first half that was taken out. */
export const fieldsOfHead: usize = memory.data(44);

let threadKey: u32 = 0;
let thread: usize = 0;

/**
 * If a second half was read last, this is where the arguments of its first half begin. 0 if they are not in the text.
 */
let headArgs: usize = 0;
let headArgsEnd: usize = 0;
/** True if all arguments of the call that was read last are in the text. */
let isWhole: bool = true;

/** Begins with another text. */
export function beginCounting(): void {
  counted = 0;
  latestHead = 0;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function slotOfThread(key: u32): u32 {
  return (key * 0x9e3779b1) >> 20;
}

/** 0 if there is none. */
function threadOf(pid: i32): usize {
  const key = <u32>(pid + 2);
  if (key == threadKey) return thread;
  let slot = slotOfThread(key);
  let found = threads + threadBytes * slot;
  for (let its = load<u32>(found, ofKey); its != key; its = load<u32>(found, ofKey)) {
    if (its == 0) return 0;
    slot = (slot + 1) & threadMask;
    found = threads + threadBytes * slot;
  }
  threadKey = key;
  thread = found;
  return found;
}

/**
 * Passes over the line that was read last: counts its call, or remembers it as the one that its thread is inside of.
 * False if the line must be written down.
 */
export function isOnlyCounted(kind: i32, start: usize, line: i32): bool {
  headArgs = 0;
  isWhole = kind != tail;
  const maker = threadOf(pid);
  if (maker == 0) return false;
  const open = load<usize>(maker, ofOpen);
  if (kind == tail) {
    if (open <= elsewhere) return false;
    headArgs = load<usize>(maker, ofOpenArgs);
    headArgsEnd = load<usize>(maker, ofOpenArgsEnd);
    isWhole = true;
  } else if (open != 0) return false;
  const group = load<i32>(maker, ofGroup);
  if (group == 0) return false;
  if (kind == head) {
    if (openCount == mostOpen) return false;
    store<usize>(maker, start, ofOpen);
    store<i32>(maker, name, ofOpenName);
    store<usize>(maker, args, ofOpenArgs);
    store<usize>(maker, argsEnd, ofOpenArgsEnd);
    store<i32>(maker, (latestHead = line), ofOpenLine);
    store<i32>(maker, openCount, ofOpenPlace);
    store<i32>(maker, number, ofOpenNumber);
    store<usize>(maker, event, ofOpenEvent);
    store<usize>(openThreads + (openCount << 2), maker);
    openCount += 1;
    return true;
  }
  // plain-calls.ts, `#end`
  if (
    kind == tail &&
    (load<i32>(maker, ofOpenName) != name || (args == argsEnd && load<u8>(headArgsEnd - 1) == greater))
  )
    return false;
  const entry = entryOf(group);
  if (entry == 0) return false;
  if (kind == tail) leaveCall(maker);
  store<f64>(entry, load<f64>(entry, ofCalls) + 1, ofCalls);
  const before = load<usize>(maker, ofLatest);
  if (before != 0) store<i32>(before, 1, ofSettled);
  store<usize>(maker, entry, ofLatest);
  counted += 1;
  return true;
}

/** The thread has left the call whose first half was passed over. */
function leaveCall(maker: usize): void {
  const place = load<i32>(maker, ofOpenPlace);
  openCount -= 1;
  const last = load<usize>(openThreads + (openCount << 2));
  store<usize>(openThreads + (place << 2), last);
  store<i32>(last, place, ofOpenPlace);
  store<usize>(maker, 0, ofOpen);
}

// The inspected arguments of the call that was read last, and the slot of its entry.
let argsFrom: usize = 0;
let argsLength: u32 = 0;
let freeSlot: usize = 0;

/**
 * The entry that counts the call that was read last, if a thread of the group made it. 0 if there is none. `freeSlot`
 * is 0 if no entry can be made.
 */
function entryOf(group: i32): usize {
  freeSlot = 0;
  const outcome = outcomeOf();
  if (outcome < 0) return 0;
  let sum = <u32>group * 0x9e3779b1 ^ <u32>name * 0x85ebca6b ^ <u32>outcome * 0xc2b2ae35;
  argsLength = 0;
  const which = load<u8>(inspected + name);
  if (which != 0) {
    if (!isWhole || !findInspected((which >> 4) & 7, which & 15)) return 0;
    for (let index: u32 = 0; index < argsLength; index += 1) sum = (sum ^ load<u8>(argsFrom + index)) * 0x01000193;
  }
  let slot = (sum ^ (sum >> 15)) & entryMask;
  for (let found = load<usize>(entrySlots + (slot << 2)); found != 0; found = load<usize>(entrySlots + (slot << 2))) {
    if (
      load<i32>(found) == group &&
      load<i32>(found, ofName) == name &&
      load<i32>(found, ofOutcome) == outcome &&
      load<u32>(found, ofLength) == argsLength &&
      isSame(found + ofArgs, argsFrom, argsLength)
    )
      return found;
    slot = (slot + 1) & entryMask;
  }
  freeSlot = entrySlots + (slot << 2);
  return 0;
}

/** A number that is the same for all results that differ only in their value. -1 if the result may have more to say. */
function outcomeOf(): i32 {
  if (result < 0) return load<u8>(resultFrom) == minus || isInjected(resultFrom, resultEnd) ? -1 : 0;
  return result < firstFailure || result >= otherValues ? 0 : result;
}

/**
 * Finds the text from the first inspected argument to the last. False if the text is too long. Also false if it, or the
 * text before it, holds anything but words, numbers, flags and comments on them.
 */
function findInspected(first: i32, last: i32): bool {
  const start = headArgs == 0 ? args : headArgs;
  const end = headArgs == 0 ? argsEnd : headArgsEnd;
  let index = 0;
  let at = start;
  argsFrom = first == 0 ? start : 0;
  for (; at < end; at += 1) {
    const byte = load<u8>(at);
    if (byte == comma) {
      if (index == last) break;
      index += 1;
      if (index == first) argsFrom = at + 1;
    } else if (byte == slash) {
      at = commentEnd(at, end);
      if (at == 0) return false;
    } else if (!is(byte, inSimple)) return false;
  }
  // An argument at the end of a first half goes on in the second half, unless that begins with a separator.
  if (
    index != last ||
    (at == end && (start == end || (headArgs != 0 && args != argsEnd && load<u8>(args) != comma)))
  )
    return false;
  argsLength = <u32>(at - argsFrom);
  return argsLength <= longestArgs;
}

/** Where the `/` that ends a comment stands. 0 if there is none, or the comment holds a separator or nests. */
function commentEnd(start: usize, end: usize): usize {
  if (start + 4 > end || load<u8>(start + 1) != asterisk) return 0;
  for (let at = start + 2; at + 1 < end; at += 1) {
    const byte = load<u8>(at);
    if (byte == asterisk) return load<u8>(at + 1) == slash ? at + 1 : 0;
    if (!is(byte, inSimple)) return 0;
  }
  return 0;
}

/**
 * From now on, calls like the one that was written down last are only counted, if a thread of the group makes them. The
 * thread of that last call joins the group. `which` says which arguments are inspected. Returns the entry's number. -1
 * if this call cannot be told from others, -2 if there is no room (`forget` makes some).
 */
export function countLike(group: i32, which: i32): i32 {
  if (threadCount == mostThreads || entryCount == mostEntries) return -2;
  store<u8>(inspected + name, <u8>which);
  const maker = threadToBe(pid);
  store<i32>(maker, group, ofGroup);
  const known = entryOf(group);
  if (known != 0) return <i32>((known - entries) / entryBytes);
  if (freeSlot == 0) return -1;
  const entry = entries + entryBytes * entryCount;
  store<i32>(entry, group);
  store<i32>(entry, name, ofName);
  store<i32>(entry, outcomeOf(), ofOutcome);
  store<u32>(entry, argsLength, ofLength);
  memory.copy(entry + ofArgs, argsFrom, argsLength);
  store<f64>(entry, 0, ofCalls);
  store<i32>(entry, 0, ofSettled);
  store<usize>(freeSlot, entry);
  entryCount += 1;
  return entryCount - 1;
}

function threadToBe(pid: i32): usize {
  const known = threadOf(pid);
  if (known != 0) return known;
  const key = <u32>(pid + 2);
  let slot = slotOfThread(key);
  while (load<u32>(threads + threadBytes * slot, ofKey) != 0) slot = (slot + 1) & threadMask;
  const maker = threads + threadBytes * slot;
  memory.fill(maker, 0, threadBytes);
  store<u32>(maker, key, ofKey);
  threadCount += 1;
  return maker;
}

/** Puts a thread that has or had a group into this one. 0 means no group. */
export function setGroup(pid: i32, group: i32): void {
  const maker = threadOf(pid);
  if (maker != 0) store<i32>(maker, group, ofGroup);
}

/** The thread has entered, or left, a call that the caller knows of. */
export function setOpen(pid: i32, isOpen: bool): void {
  const maker = threadOf(pid);
  if (maker != 0) store<usize>(maker, isOpen ? elsewhere : 0, ofOpen);
}

/** The entry of the thread's last call, returned once. -1 if that call was not only counted. */
export function takeLatest(pid: i32): i32 {
  const maker = threadOf(pid);
  const entry = maker == 0 ? 0 : load<usize>(maker, ofLatest);
  if (entry == 0) return -1;
  store<usize>(maker, 0, ofLatest);
  return <i32>((entry - entries) / entryBytes);
}

/**
 * The pid of the next thread whose last call was only counted. The caller takes each one with `takeLatest`. -3 if there
 * is none.
 */
export function nextWithLatest(): i32 {
  for (; slotToAsk <= threadMask; slotToAsk += 1) {
    const maker = threads + threadBytes * slotToAsk;
    if (load<usize>(maker, ofLatest) != 0) return <i32>load<u32>(maker, ofKey) - 2;
  }
  slotToAsk = 0;
  return -3;
}

let slotToAsk: u32 = 0;

/** The number of the entry's calls since the last question. */
export function takeCalls(index: i32): f64 {
  const entry = entries + entryBytes * index;
  const calls = load<f64>(entry, ofCalls);
  store<f64>(entry, 0, ofCalls);
  return calls;
}

/** True if one of the entry's calls was followed by another call of its thread. */
export function isSettled(index: i32): bool {
  return load<i32>(entries + entryBytes * index, ofSettled) != 0;
}

/**
 * Stops counting everything. Before that, ask for the counts, for the last calls of threads, and for the first halves
 * that are open.
 */
export function forget(): void {
  memory.fill(threads, 0, threadBytes * (threadMask + 1));
  memory.fill(entrySlots, 0, 4 * (entryMask + 1));
  threadCount = 0;
  entryCount = 0;
  threadKey = 0;
  openCount = 0;
  latestHead = 0;
}

/** Takes out the oldest first half whose call is open. Its numbers are then in `fieldsOfHead`. */
export function takeFirstHead(): void {
  let first = load<usize>(openThreads);
  for (let place = 1; place < openCount; place += 1) {
    const maker = load<usize>(openThreads + (place << 2));
    if (load<i32>(maker, ofOpenLine) < load<i32>(first, ofOpenLine)) first = maker;
  }
  takeHead(first);
}

/** Like `takeFirstHead`, but for this thread. False if the thread has none. */
export function takeHeadOf(pid: i32): bool {
  const maker = threadOf(pid);
  if (maker == 0 || load<usize>(maker, ofOpen) <= elsewhere) return false;
  takeHead(maker);
  return true;
}

function takeHead(first: usize): void {
  store<i32>(fieldsOfHead, <i32>(load<usize>(first, ofOpen) - origin), atStart);
  store<i32>(fieldsOfHead, head, atKind);
  store<i32>(fieldsOfHead, load<i32>(first, ofOpenName), atName);
  store<i32>(fieldsOfHead, <i32>load<u32>(first, ofKey) - 2, atPid);
  store<i32>(fieldsOfHead, load<i32>(first, ofOpenNumber), atNumber);
  store<i32>(fieldsOfHead, <i32>(load<usize>(first, ofOpenEvent) - origin), atEvent);
  store<i32>(fieldsOfHead, <i32>(load<usize>(first, ofOpenArgs) - origin), atArgs);
  store<i32>(fieldsOfHead, <i32>(load<usize>(first, ofOpenArgsEnd) - origin), atArgsEnd);
  store<i32>(fieldsOfHead, load<i32>(first, ofOpenLine), atLine);
  leaveCall(first);
}
