/**
 * One ELF file → the calls that its code can make. Each stage has a file: elf → symbols, relocations, unwind, pclntab →
 * functions → slices → graph.
 */
import { sweepX86 } from "./x86-sweep.ts";
import { liftX86 } from "./x86-lift.ts";
import { sweepArm64 } from "./arm64-sweep.ts";
import { liftArm64 } from "./arm64-lift.ts";
import { U32List, floorIndex, sortedUnique } from "./bytes.ts";
import { codeRanges, readElf, type ElfImage } from "./elf.ts";
import { Events, isCode, KIND, type SweepContext } from "./events.ts";
import type { Facts } from "./facts.ts";
import { findFunctions, functionAt, isInside, type Functions } from "./functions.ts";
import { endsOfGo, readGoFunctions } from "./pclntab.ts";
import { findOperations } from "./operations.ts";
import { dataPointers } from "./pointers.ts";
import { createProgram, forEachLive } from "./program.ts";
import { readRelocations } from "./relocations.ts";
import { findSites } from "./sites.ts";
import { summaryVersion } from "./stored-summary.ts";
import { summarize } from "./summarize.ts";
import { neededNames, readDynamicSymbols, readLocalSymbols, sonameOf, type DynamicSymbols } from "./symbols.ts";
import type { ObjectSummary } from "./types.ts";
import { readUnwindRanges } from "./unwind.ts";

/**
 * Reads one ELF file (64-bit little-endian x86-64 or aarch64) and returns plain JSON. Never throws:
 * any other file is `unsupported` with the reason. A file that exceeds a bound (`bounds.ts`) is read
 * as far as the bound, and `limits` names it.
 */
export function analyzeObject(bytes: Uint8Array): ObjectSummary {
  const image = readElf(bytes);
  if (typeof image === "string") return { kind: "unsupported", version: summaryVersion, reason: image };
  const symbols = readDynamicSymbols(image);
  const relocations = readRelocations(image);
  const go = readGoFunctions(image);
  const context = contextOf(image, relocations.slots);
  const { starts, pointers } = dataPointers(context, relocations, go);
  const facts: Facts = {
    image,
    symbols,
    local: readLocalSymbols(image),
    relocations,
    unwind: readUnwindRanges(image),
    go,
    starts,
    pointers,
  };
  const seeds = seedsOf(context, facts);
  const named = sortedUnique(seeds.view());
  const functions = findFunctions(context, seeds, facts.unwind, image.machine === "x86-64" ? sweepX86 : sweepArm64);
  const taken = takenFunctions(context, functions, facts);
  const program = createProgram({
    context,
    functions,
    lift: image.machine === "x86-64" ? liftX86 : liftArm64,
    importAt: (slot) => {
      const symbol = relocations.slots.get(slot);
      return symbol === undefined ? undefined : symbols.name(symbol);
    },
    taken,
    neverReturn: go === undefined ? [] : endsOfGo(go),
    isNamed: (index) => named[floorIndex(named, functions.starts[index] ?? 0)] === functions.starts[index],
  });
  const exported = exportedFunctions(functions, symbols);
  const sites = findSites(program, exported, facts.unwind);
  return {
    kind: "code",
    version: summaryVersion,
    machine: image.machine,
    ...(image.buildId === undefined ? {} : { buildId: image.buildId }),
    ...optional("soname", sonameOf(image)),
    needed: neededNames(image),
    ...optional("interpreter", image.interpreter),
    go: go !== undefined,
    symbolic: image.dynamic.has(16) || ((image.dynamic.get(30)?.[0] ?? 0) & 2) !== 0,
    ...summarize({ program, facts, sites, operations: findOperations(program, exported), go }),
    limits: [...image.limits].sort(),
    codeBytes: context.ranges.reduce((sum, range) => sum + range.end - range.start, 0),
  };
}

function optional<K extends string>(key: K, value: string | undefined): { readonly [key in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: string };
}

function contextOf(image: ElfImage, slots: ReadonlyMap<number, number>): SweepContext {
  const ranges = codeRanges(image);
  let slotStart = Number.POSITIVE_INFINITY;
  let slotEnd = 0;
  for (const slot of slots.keys()) {
    if (slot < slotStart) slotStart = slot;
    if (slot >= slotEnd) slotEnd = slot + 1;
  }
  return {
    image,
    ranges,
    codeStart: ranges[0]?.start ?? 0,
    codeEnd: ranges.at(-1)?.end ?? 0,
    slots,
    slotStart,
    slotEnd,
    events: new Events(),
    dataReferences: new U32List(),
  };
}

/** Where functions start, as far as the file says without its code. */
function seedsOf(context: SweepContext, facts: Facts): U32List {
  const seeds = new U32List(4096);
  const add = (rva: number): void => {
    if (isCode(context, rva)) seeds.push(rva);
  };
  for (const start of facts.unwind.starts) add(start);
  for (const rva of facts.local.rvas) add(rva);
  for (let i = 0; i < facts.symbols.count; i += 1)
    if (facts.symbols.isDefined(i) && facts.symbols.isCode(i)) add(facts.symbols.address(i));
  for (const rva of facts.go?.rvas ?? []) add(rva);
  for (const rva of facts.starts) add(rva);
  for (const rva of facts.pointers) if (!isInside(facts.unwind, rva)) add(rva);
  // Stubs of the procedure linkage table have 16 bytes on both architectures (psABIs); the table is
  // one unwind range.
  for (const section of facts.image.sections) {
    if (!section.executable || !/^\.i?plt/.test(section.name)) continue;
    const step = section.name === ".plt.got" && facts.image.machine === "x86-64" ? 8 : 16;
    for (let rva = section.start; rva < section.start + Math.min(section.size, 1 << 24); rva += step) add(rva);
  }
  return seeds;
}

function takenFunctions(context: SweepContext, functions: Functions, facts: Facts): Uint8Array {
  const taken = new Uint8Array(functions.starts.length);
  const mark = (rva: number): void => {
    const index = functionAt(functions, rva);
    if (index >= 0 && functions.starts[index] === rva) taken[index] = 1;
  };
  for (const rva of facts.pointers) mark(rva);
  forEachLive(functions, (event) => {
    const kind = context.events.kind.at(event);
    if (kind === KIND.reference || kind === KIND.immediate) mark(context.events.target.at(event));
  });
  return taken;
}

/** Functions that other objects can call, with their names. */
function exportedFunctions(functions: Functions, symbols: DynamicSymbols): ReadonlyMap<number, readonly string[]> {
  const exported = new Map<number, string[]>();
  for (let i = 0; i < symbols.count; i += 1) {
    if (!symbols.isDefined(i) || !symbols.isCode(i)) continue;
    const rva = symbols.address(i);
    const index = floorIndex(functions.starts, rva);
    if (functions.starts[index] !== rva) continue;
    const names = exported.get(index);
    if (names === undefined) exported.set(index, [symbols.name(i)]);
    else names.push(symbols.name(i));
  }
  return exported;
}
