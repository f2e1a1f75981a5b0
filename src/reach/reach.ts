/** The objects of a program → the calls that its code can make, each with the way the executable comes to it. */
import { componentsOf, graphOf } from "./components.ts";
import type { Graph } from "./components.ts";
import { U32List } from "./bytes.ts";
import { link } from "./link.ts";
import type { Linked, LinkedObject } from "./link.ts";
import { isCLibrary, isOwnObject } from "./own-objects.ts";
import { rankCalls } from "./rank.ts";
import { nameOf } from "./syscall-names.ts";
import { forwarders } from "./sites.ts";
import type { LoadedObject, OpenSite, Reach, ReachInput, Via } from "./types.ts";

/** Calls with larger numbers are told as `unnamed`; both architectures are below 480 today (Linux 7.0). */
export const numberLimit = 1024;

/** A linked program with the answers that ranking needs. */
export interface Program {
  readonly linked: Linked;
  readonly graph: Graph;
  /** Numbers that node i makes itself, each with the function's name. */
  readonly makes: ReadonlyMap<number, readonly { readonly number: number; readonly name: string }[]>;
  readonly roots: { readonly start: readonly number[]; readonly data: readonly number[]; readonly libraryData: readonly number[] };
  readonly isOwn: (object: LinkedObject) => boolean;
  /** One executable that holds its C library. */
  readonly isStatic: boolean;
}

/**
 * Computes the reach of one program. Pure and deterministic: the same summaries in the same order give the same result. Never throws on
 * summaries that `analyzeObject` of this version wrote.
 */
export function reachOf(input: ReachInput): Reach {
  const linked = link(input);
  const executable = input.executable.summary;
  const program = build(linked, input.executable.name);
  const reached = reachable(program.graph, [...program.roots.start, ...program.roots.data, ...program.roots.libraryData]);
  const machine = executable.kind === "code" ? executable.machine : undefined;
  const calls = new Map<string, Via>();
  const unnamed = new Set<number>();
  for (const [number, via] of rankCalls(program, reached)) {
    const name = machine === undefined ? undefined : nameOf(machine, number);
    if (name === undefined) unnamed.add(number);
    else calls.set(name, via);
  }
  return {
    machine,
    calls: new Map([...calls].sort(([a], [b]) => (a < b ? -1 : 1))),
    unnamed: [...unnamed].sort((a, b) => a - b),
    open: openSites(linked, reached),
    startsPrograms: starters(program, reached),
    unsupported: unsupportedObjects([input.executable, ...input.objects]),
    missing: linked.missing,
    limits: linked.objects.flatMap(({ name, summary }) => summary.limits.map((bound) => ({ object: name, bound }))),
  };
}

function build(linked: Linked, executable: string): Program {
  const sources = new U32List();
  const targets = new U32List();
  const edge = (from: number, to: number): void => {
    sources.push(from);
    targets.push(to);
  };
  const makes = new Map<number, { number: number; name: string }[]>();
  for (const object of linked.objects) {
    object.summary.nodes.forEach((node, i) => {
      const from = object.firstNode + i;
      for (const to of node.to ?? []) edge(from, object.firstNode + to);
      for (const index of node.imports ?? []) {
        for (const bound of linked.bind(object, object.summary.imports[index] ?? "")) for (const to of bound.nodes) edge(from, to);
      }
      const made = madeBy(linked, object, i);
      if (made.length > 0) makes.set(from, made);
    });
  }
  const isStatic = linked.objects[0] !== undefined && linked.objects[0].summary.needed.length === 0 && linked.objects[0].summary.interpreter === undefined;
  return {
    linked,
    graph: graphOf(linked.nodeCount, sources.view(), targets.view()),
    makes,
    roots: rootsOf(linked, isStatic),
    isOwn: (object) => object.isExecutable || (object.own ?? isOwnObject(executable, object.name, object.late)),
    isStatic,
  };
}

function madeBy(linked: Linked, object: LinkedObject, index: number): { number: number; name: string }[] {
  const { names, imports, nodes } = object.summary;
  const node = nodes[index];
  const made: { number: number; name: string }[] = [];
  const list = node?.makes ?? [];
  for (let i = 0; i + 1 < list.length; i += 2) made.push({ number: list[i] ?? 0, name: names[list[i + 1] ?? 0] ?? "" });
  for (const [symbol = 0, name = 0, ...numbers] of node?.forwards ?? []) {
    if (isForwarder(linked, object, imports[symbol] ?? "")) for (const number of numbers) made.push({ number, name: names[name] ?? "" });
  }
  return made;
}

/** Does the name make the call that it is passed? If its object is not known, it is believed. */
function isForwarder(linked: Linked, object: LinkedObject, name: string): boolean {
  const bound = linked.bind(object, name);
  return bound.length === 0 || bound.some(({ passes }) => passes);
}

function rootsOf(linked: Linked, isStatic: boolean): Program["roots"] {
  const start: number[] = [];
  const data: number[] = [];
  const libraryData: number[] = [];
  for (const object of linked.objects) {
    const { roots, exports, imports } = object.summary;
    const pointers = isStatic || isCLibrary(object.name) ? libraryData : data;
    for (const node of roots.start) start.push(object.firstNode + node);
    for (const node of roots.data) pointers.push(object.firstNode + node);
    for (const index of roots.dataImports) for (const bound of linked.bind(object, imports[index] ?? "")) pointers.push(...bound.nodes);
    if (!object.late) continue;
    for (let i = 1; i < exports.length; i += 2) if (Number(exports[i]) >= 0) data.push(object.firstNode + Number(exports[i]));
  }
  return { start, data, libraryData };
}

/** 1 for each node that a walk from the roots meets. */
export function reachable({ offsets, targets }: Graph, roots: Iterable<number>): Uint8Array {
  const reached = new Uint8Array(offsets.length - 1);
  const stack: number[] = [];
  for (const root of roots) {
    if (reached[root] === 1) continue;
    reached[root] = 1;
    stack.push(root);
  }
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (let i = offsets[node] ?? 0; i < (offsets[node + 1] ?? 0); i += 1) {
      const target = targets[i] ?? 0;
      if (reached[target] === 1) continue;
      reached[target] = 1;
      stack.push(target);
    }
  }
  return reached;
}

function openSites(linked: Linked, reached: Uint8Array): readonly OpenSite[] {
  const sites = new Map<string, OpenSite>();
  for (const object of linked.objects) {
    const { summary, name, firstNode } = object;
    summary.nodes.forEach((node, i) => {
      if (reached[firstNode + i] !== 1) return;
      const add = (where: string, reason: string): void => {
        sites.set(`${name} ${where} ${reason}`, { object: name, function: where, reason });
      };
      for (const open of node.open ?? []) {
        if (open.import === undefined || isForwarder(linked, object, summary.imports[open.import] ?? "")) add(summary.names[open.name] ?? "", open.reason);
      }
      // A forwarder that only the linked set shows: its callers' constants were not looked for.
      for (const symbol of node.imports ?? []) {
        const import_ = summary.imports[symbol] ?? "";
        if (!forwarders.has(import_) && linked.bind(object, import_).some(({ passes }) => passes)) add(import_, "the number is passed between objects");
      }
    });
  }
  return [...sites.values()].sort((a, b) => (`${a.object} ${a.function}` < `${b.object} ${b.function}` ? -1 : 1));
}

/** Functions of the C library that replace the program or start another one (exec(3), posix_spawn(3), popen(3), system(3)). */
const startingFunctions: ReadonlySet<string> = new Set([
  "execve", "execv", "execvp", "execvpe", "execl", "execlp", "execle", "fexecve", "execveat", "posix_spawn", "posix_spawnp", "popen", "system", "wordexp",
]);

function starters(program: Program, reached: Uint8Array): readonly string[] {
  const found = new Set<string>();
  const { linked, makes } = program;
  for (const object of linked.objects) {
    if (!program.isOwn(object)) continue;
    const { imports, nodes, machine } = object.summary;
    nodes.forEach((node, i) => {
      if (reached[object.firstNode + i] !== 1) return;
      for (const index of node.imports ?? []) if (startingFunctions.has(imports[index] ?? "")) found.add(imports[index] ?? "");
      for (const { number, name } of makes.get(object.firstNode + i) ?? []) {
        const call = nameOf(machine, number);
        if (call === "execve" || call === "execveat") found.add(name);
      }
    });
  }
  return [...found].sort();
}

function unsupportedObjects(objects: readonly LoadedObject[]): Reach["unsupported"] {
  return objects.flatMap(({ name, summary }) => (summary.kind === "unsupported" ? [{ object: name, reason: summary.reason }] : []));
}

/** Bit sets of the call numbers below `numberLimit` that each component reaches, in words of 32. */
export interface CallSets {
  readonly words: number;
  readonly componentOf: Uint32Array;
  readonly bits: Uint32Array;
}

export function callSets(program: Program): CallSets {
  const { graph, makes } = program;
  const { count, of } = componentsOf(graph);
  const words = numberLimit / 32;
  const bits = new Uint32Array(count * words);
  for (const [node, made] of makes) {
    for (const { number } of made) {
      if (number >= numberLimit) continue;
      const word = (of[node] ?? 0) * words + (number >>> 5);
      bits[word] = (bits[word] ?? 0) | (1 << (number & 31));
    }
  }
  // Edges lead from higher to lower component numbers: members in ascending order of component see finished callees.
  const order = Uint32Array.from(of.keys()).sort((a, b) => (of[a] ?? 0) - (of[b] ?? 0));
  for (const node of order) {
    const own = of[node] ?? 0;
    for (let i = graph.offsets[node] ?? 0; i < (graph.offsets[node + 1] ?? 0); i += 1) {
      const other = of[graph.targets[i] ?? 0] ?? 0;
      if (other === own) continue;
      for (let w = 0; w < words; w += 1) bits[own * words + w] = (bits[own * words + w] ?? 0) | (bits[other * words + w] ?? 0);
    }
  }
  return { words, componentOf: of, bits };
}
