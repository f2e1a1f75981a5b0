/** The linked program as a graph, and the questions that reach and ranking ask it. */
import { U32List } from "./bytes.ts";
import { componentsOf, graphOf, type Graph } from "./components.ts";
import type { Linked, LinkedObject } from "./link.ts";
import { isCLibrary, isOwnObject } from "./own-objects.ts";

/**
 * Calls with this number or a larger one are listed as `unnamed`. Both architectures stay below 480 today (Linux 7.0).
 */
export const numberLimit = 1024;

/** A linked program, with what ranking must know. */
export interface Program {
  readonly linked: Linked;
  readonly graph: Graph;
  /** The calls that node i makes itself: their numbers, and the name of the function. */
  readonly makes: ReadonlyMap<number, readonly { readonly number: number; readonly name: string }[]>;
  readonly roots: {
    readonly start: readonly number[];
    readonly data: readonly number[];
    readonly libraryData: readonly number[];
  };
  readonly isOwn: (object: LinkedObject) => boolean;
  /** True if the program is one executable that holds its C library. */
  readonly isStatic: boolean;
}

/** `executable`: base name of the program's file. */
export function programOf(linked: Linked, executable: string): Program {
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
        for (const bound of linked.bind(object, object.summary.imports[index] ?? ""))
          for (const to of bound.nodes) edge(from, to);
      }
      const made = madeBy(linked, object, i);
      if (made.length > 0) makes.set(from, made);
    });
  }
  const isStatic =
    linked.objects[0] !== undefined &&
    linked.objects[0].summary.needed.length === 0 &&
    linked.objects[0].summary.interpreter === undefined;
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
  if (node?.makes === undefined && node?.forwards === undefined) return [];
  const made: { number: number; name: string }[] = [];
  const list = node.makes ?? [];
  for (let i = 0; i + 1 < list.length; i += 2) made.push({ number: list[i] ?? 0, name: names[list[i + 1] ?? 0] ?? "" });
  for (const [symbol = 0, name = 0, ...numbers] of node.forwards ?? []) {
    if (isForwarder(linked, object, imports[symbol] ?? ""))
      for (const number of numbers) made.push({ number, name: names[name] ?? "" });
  }
  return made;
}

/**
 * Does the function of this name make the call whose number it gets? The answer is yes if no known object has the
 * function.
 */
export function isForwarder(linked: Linked, object: LinkedObject, name: string): boolean {
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
    for (const index of roots.dataImports)
      for (const bound of linked.bind(object, imports[index] ?? "")) pointers.push(...bound.nodes);
    if (!object.late) continue;
    for (let i = 1; i < exports.length; i += 2)
      if (Number(exports[i]) >= 0) data.push(object.firstNode + Number(exports[i]));
  }
  return { start, data, libraryData };
}

/** 1 for each node that a walk from the roots reaches. */
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

/** One bit set for each component, in words of 32 bits: the call numbers below `numberLimit` that it reaches. */
export interface CallSets {
  readonly words: number;
  readonly componentOf: Uint32Array;
  readonly bits: Uint32Array;
}

export function callSets(program: Program): CallSets {
  const { graph, makes } = program;
  const { count, of } = componentsOf(graph);
  let largest = 0;
  for (const made of makes.values())
    for (const { number } of made) if (number < numberLimit && number > largest) largest = number;
  const words = (largest >>> 5) + 1;
  const bits = new Uint32Array(count * words);
  for (const [node, made] of makes) {
    for (const { number } of made) {
      if (number >= numberLimit) continue;
      const word = (of[node] ?? 0) * words + (number >>> 5);
      bits[word] = (bits[word] ?? 0) | (1 << (number & 31));
    }
  }
  // Edges lead from higher to lower component numbers. In ascending order, each component meets callees that are
  // finished.
  const order = graphOf(count, of, Uint32Array.from(of.keys())).targets;
  for (let position = 0; position < order.length; position += 1) {
    const node = order[position] ?? 0;
    const own = of[node] ?? 0;
    for (let i = graph.offsets[node] ?? 0; i < (graph.offsets[node + 1] ?? 0); i += 1) {
      const other = of[graph.targets[i] ?? 0] ?? 0;
      if (other === own) continue;
      for (let w = 0; w < words; w += 1)
        bits[own * words + w] = (bits[own * words + w] ?? 0) | (bits[other * words + w] ?? 0);
    }
  }
  return { words, componentOf: of, bits };
}
