/**
 * How near each call is to the program: reached through few imports, through many, from other libraries only, or from
 * pointers only.
 */
import { graphOf, type Graph } from "./components.ts";
import { callSets, reachable, type CallSets, type Program } from "./linked-program.ts";
import type { Rank, Via } from "./types.ts";

/** "Few" imports. Measured: a longer exercise made 41 % of the calls within this bound, and 20 % of those above it. */
const fewImports = 5;
/** A `Via` names at most this many imports. */
const viaImports = 5;

interface Import {
  readonly name: string;
  readonly nodes: readonly number[];
  /** The numbers below `numberLimit` that the import reaches. */
  readonly numbers: ReadonlySet<number>;
}

/** Each call's number with its Via. Numbers from `numberLimit` on have one too. */
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
  const finder = createFinder(program, imports);
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
    const nearest = own === undefined && through.length > 0 ? finder(nodes) : undefined;
    const maker = own ?? nearest?.maker ?? nodes.find((node) => near[node] === 1) ?? nodes[0] ?? 0;
    vias.set(number, {
      rank,
      imports: namesOf(nearest?.imports ?? through).slice(0, viaImports),
      importCount: namesOf(through).length,
      ...placeOf(program, maker, number),
    });
  }
  return vias;
}

function rankOf(own: boolean, imports: number, near: boolean): Rank {
  if (own) return "own-code";
  if (imports > 0) return imports <= fewImports ? "few-imports" : "many-imports";
  return near ? "libraries" : "pointers";
}

function namesOf(imports: readonly Import[]): readonly string[] {
  return [...new Set(imports.map(({ name }) => name))];
}

function placeOf(program: Program, maker: number, number: number): Pick<Via, "object" | "function"> {
  return {
    object: program.linked.node(maker).object.name,
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

/** Does the node pass the number to an import like `syscall(3)`, rather than make the call with an instruction? */
function isForwarded(program: Program, number: number, call: number): boolean {
  const { node } = program.linked.node(number);
  const makes = node.makes ?? [];
  for (let i = 0; i < makes.length; i += 2) if (makes[i] === call) return false;
  return true;
}

/** The imports of own objects' reachable code. Imports that reach few calls say most, so they come first. */
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
    for (let number = 0; number < words * 32; number += 1) {
      if ((((bits[first + (number >>> 5)] ?? 0) >>> (number & 31)) & 1) === 1) numbers.push(number);
    }
  }
  return numbers;
}

/** The imports nearest to a node that makes a call, and the node. */
interface Nearest {
  readonly imports: readonly Import[];
  readonly maker: number;
}

/** Walks backwards from the nodes that make a call to the nearest imports, because those say most. */
function createFinder(
  { graph, linked }: Program,
  imports: readonly Import[],
): (makers: readonly number[]) => Nearest | undefined {
  const callers = reversed(graph);
  const byNode = new Map<number, Import[]>();
  for (const one of imports) {
    for (const node of one.nodes) {
      const known = byNode.get(node);
      if (known === undefined) byNode.set(node, [one]);
      else known.push(one);
    }
  }
  const seenIn = new Uint32Array(linked.nodeCount);
  const makerOf = new Uint32Array(linked.nodeCount);
  let round = 0;
  return (makers) => {
    round += 1;
    let level: number[] = [];
    for (const maker of makers) {
      seenIn[maker] = round;
      makerOf[maker] = maker;
      level.push(maker);
    }
    while (level.length > 0) {
      const [first] = level.filter((node) => byNode.has(node));
      if (first !== undefined) {
        const found = new Set(level.flatMap((node) => byNode.get(node) ?? []));
        return { imports: imports.filter((one) => found.has(one)), maker: makerOf[first] ?? first };
      }
      const next: number[] = [];
      for (const node of level) {
        for (let i = callers.offsets[node] ?? 0; i < (callers.offsets[node + 1] ?? 0); i += 1) {
          const caller = callers.targets[i] ?? 0;
          if (seenIn[caller] === round) continue;
          seenIn[caller] = round;
          makerOf[caller] = makerOf[node] ?? node;
          next.push(caller);
        }
      }
      level = next;
    }
    return undefined;
  };
}

function reversed({ offsets, targets }: Graph): Graph {
  const sources = new Uint32Array(targets.length);
  for (let node = 0; node + 1 < offsets.length; node += 1) sources.fill(node, offsets[node], offsets[node + 1]);
  return graphOf(offsets.length - 1, targets, sources);
}
