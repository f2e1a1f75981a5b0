/**
 * How near to the program each call is: through few imports, many, other libraries only, pointers
 * only.
 */
import { callSets, numberLimit, reachable, type CallSets, type Program } from "./linked-program.ts";
import type { Rank, Via } from "./types.ts";

/**
 * "Few" imports: measured, 41 % of the calls within this bound were made in a longer exercise, 20 %
 * of those above.
 */
const fewImports = 5;
/** Names of imports in a Via. */
const viaImports = 5;

interface Import {
  readonly name: string;
  readonly nodes: readonly number[];
  /** Numbers below `numberLimit` that it reaches. */
  readonly numbers: ReadonlySet<number>;
}

/** Call numbers with their Via. Numbers of `numberLimit` and more get one too. */
export function rankCalls(program: Program, reached: Uint8Array): ReadonlyMap<number, Via> {
  const near = reachable(program.graph, [...program.roots.start, ...program.roots.data]);
  const imports = ownImports(program, reached, callSets(program));
  const byNumber = new Map<number, Import[]>();
  for (const one of imports) {
    for (const number of one.numbers) {
      const known = byNumber.get(number);
      if (known === undefined) byNumber.set(number, [one]);
      else known.push(one);
    }
  }
  const makers = makersOf(program, reached);
  const finder = createFinder(program);
  const vias = new Map<number, Via>();
  for (const [number, nodes] of makers) {
    const own = nodes.find(
      (node) =>
        program.isOwn(program.linked.node(node).object) && near[node] === 1 && !isForwarded(program, node, number),
    );
    const through = byNumber.get(number) ?? [];
    const rank = rankOf(
      own !== undefined,
      through.length,
      nodes.some((node) => near[node] === 1),
    );
    const maker = own ?? finder(through, number) ?? nodes.find((node) => near[node] === 1) ?? nodes[0] ?? 0;
    vias.set(number, viaOf(program, rank, through, maker, number));
  }
  return vias;
}

function rankOf(own: boolean, imports: number, near: boolean): Rank {
  if (own) return "own-code";
  if (imports > 0) return imports <= fewImports ? "few-imports" : "many-imports";
  return near ? "libraries" : "pointers";
}

function viaOf(program: Program, rank: Rank, through: readonly Import[], maker: number, number: number): Via {
  const { object } = program.linked.node(maker);
  const names = [...new Set(through.map(({ name }) => name))];
  return {
    rank,
    imports: names.slice(0, viaImports),
    importCount: names.length,
    object: object.name,
    function: program.makes.get(maker)?.find((made) => made.number === number)?.name ?? "",
  };
}

function makersOf(program: Program, reached: Uint8Array): ReadonlyMap<number, readonly number[]> {
  const makers = new Map<number, number[]>();
  for (const [node, made] of program.makes) {
    if (reached[node] !== 1) continue;
    for (const { number } of made) {
      const known = makers.get(number);
      if (known === undefined) makers.set(number, [node]);
      else if (known.at(-1) !== node) known.push(node);
    }
  }
  return makers;
}

/**
 * Is the number passed to an import like `syscall(3)`, rather than made by an instruction of the
 * node?
 */
function isForwarded(program: Program, number: number, call: number): boolean {
  const { node } = program.linked.node(number);
  const makes = node.makes ?? [];
  for (let i = 0; i < makes.length; i += 2) if (makes[i] === call) return false;
  return true;
}

/**
 * Imports of own objects' reachable code, those that reach the fewest calls first: they say most.
 */
function ownImports(program: Program, reached: Uint8Array, sets: CallSets): readonly Import[] {
  const found = new Map<string, { nodes: Set<number>; numbers: Set<number> }>();
  for (const object of program.linked.objects) {
    if (!program.isOwn(object)) continue;
    const { nodes, imports } = object.summary;
    const entry = (index: number): { nodes: Set<number>; numbers: Set<number> } => {
      const name = imports[index] ?? "";
      let known = found.get(name);
      if (known === undefined) found.set(name, (known = { nodes: new Set(), numbers: new Set() }));
      for (const bound of program.linked.bind(object, name)) for (const node of bound.nodes) known.nodes.add(node);
      return known;
    };
    for (const index of object.summary.roots.dataImports) entry(index);
    nodes.forEach((node, i) => {
      if (reached[object.firstNode + i] !== 1) return;
      for (const index of node.imports ?? []) entry(index);
      for (const [index = 0, , ...numbers] of node.forwards ?? [])
        for (const number of numbers) entry(index).numbers.add(number);
    });
  }
  return [...found]
    .map(([name, { nodes, numbers }]) => ({
      name,
      nodes: [...nodes],
      numbers: new Set([...numbers, ...numbersOf(sets, nodes)]),
    }))
    .filter(({ numbers }) => numbers.size > 0)
    .sort((a, b) => a.numbers.size - b.numbers.size || (a.name < b.name ? -1 : 1));
}

function numbersOf({ words, componentOf, bits }: CallSets, nodes: ReadonlySet<number>): readonly number[] {
  const numbers: number[] = [];
  for (const node of nodes) {
    const first = (componentOf[node] ?? 0) * words;
    for (let number = 0; number < numberLimit; number += 1) {
      if ((((bits[first + (number >>> 5)] ?? 0) >>> (number & 31)) & 1) === 1) numbers.push(number);
    }
  }
  return numbers;
}

/** Finds the node nearest to an import that makes a call. One walk for each import in question. */
function createFinder(program: Program): (through: readonly Import[], number: number) => number | undefined {
  const walks = new Map<Import, ReadonlyMap<number, number>>();
  return (through, number) => {
    const first = through[0];
    if (first === undefined) return undefined;
    let walk = walks.get(first);
    if (walk === undefined) walks.set(first, (walk = nearestMakers(program, first)));
    return walk.get(number);
  };
}

/** Breadth first: call number → the first node that makes it. */
function nearestMakers({ graph, makes }: Program, from: Import): ReadonlyMap<number, number> {
  const nearest = new Map<number, number>();
  const queue = [...from.nodes];
  const seen = new Set(queue);
  for (const node of queue) {
    for (const { number } of makes.get(node) ?? []) if (!nearest.has(number)) nearest.set(number, node);
    for (let i = graph.offsets[node] ?? 0; i < (graph.offsets[node + 1] ?? 0); i += 1) {
      const target = graph.targets[i] ?? 0;
      if (seen.has(target)) continue;
      seen.add(target);
      queue.push(target);
    }
  }
  return nearest;
}
