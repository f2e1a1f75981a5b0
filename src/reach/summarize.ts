/**
 * The call graph of one object, reduced to what matters to other objects. Functions that reach neither a call nor an
 * import are dropped. Each cycle becomes one node, and nodes that reach the same become one.
 */
import { U32List, floorIndex, sortedUnique } from "./bytes.ts";
import { componentsOf, graphOf, type Components, type Graph } from "./components.ts";
import { KIND } from "./events.ts";
import type { Facts } from "./facts.ts";
import { functionAt } from "./functions.ts";
import type { GoFunctions } from "./pclntab.ts";
import { forEachLive, type Program } from "./program.ts";
import type { CallOperation } from "./operations.ts";
import type { Sites } from "./sites.ts";
import type { CodeSummary, Node, OpenNode, Roots } from "./types.ts";

export interface SummaryParts {
  readonly program: Program;
  readonly facts: Facts;
  readonly sites: Sites;
  readonly operations: readonly CallOperation[];
  readonly go: GoFunctions | undefined;
}

type Summarized = Pick<CodeSummary, "imports" | "names" | "nodes" | "exports" | "roots" | "passes" | "sites">;

/** Strings by number. Each occurs once. */
interface Names {
  readonly list: string[];
  of(name: string): number;
}

function createNames(): Names {
  const numbers = new Map<string, number>();
  const list: string[] = [];
  return {
    list,
    of(name) {
      let number = numbers.get(name);
      if (number === undefined) {
        number = list.length;
        list.push(name);
        numbers.set(name, number);
      }
      return number;
    },
  };
}

/** What a component itself does. */
interface Payload {
  readonly imports: Set<number>;
  readonly makes: Map<string, readonly [number, number]>;
  readonly forwards: Map<string, readonly [number, number, number]>;
  readonly open: Map<string, OpenNode>;
  readonly operations: Map<string, readonly number[]>;
}

export function summarize({ program, facts, sites, operations, go }: SummaryParts): Summarized {
  const { functions } = program;
  const imports = createNames();
  const names = createNames();
  const graph = callGraph(program);
  const components = componentsOf(graph);
  const payloads = new Map<number, Payload>();
  const payloadOf = (index: number): Payload => {
    const component = components.of[index] ?? 0;
    let payload = payloads.get(component);
    if (payload === undefined) {
      payload = { imports: new Set(), makes: new Map(), forwards: new Map(), open: new Map(), operations: new Map() };
      payloads.set(component, payload);
    }
    return payload;
  };
  const functionNames = namer(
    program,
    facts,
    new Set(
      [...sites.made, ...sites.forwarded, ...sites.open, ...operations].map(
        ({ index }) => functions.starts[index] ?? 0,
      ),
    ),
  );
  const nameOf = (index: number): number => names.of(functionNames(index));
  addImports(program, payloadOf, imports);
  for (const { index, name } of sites.lookedUp) payloadOf(index).imports.add(imports.of(name));
  for (const { index, number } of sites.made) payloadOf(index).makes.set(`${number}:${index}`, [number, nameOf(index)]);
  for (const { index, number, import: name } of sites.forwarded) {
    payloadOf(index).forwards.set(`${name}:${number}:${index}`, [imports.of(name), nameOf(index), number]);
  }
  for (const { index, reason, import: name } of sites.open) {
    const open = { name: nameOf(index), reason, ...(name === undefined ? {} : { import: imports.of(name) }) };
    payloadOf(index).open.set(`${index}:${reason}:${name ?? ""}`, open);
  }
  for (const { index, number, values } of operations) {
    payloadOf(index).operations.set(`${number}:${values.join(":")}`, [number, nameOf(index), ...values]);
  }
  const reduced = reduce(graph, components, payloads);
  const nodeOf = (rva: number): number => {
    const index = functionAt(functions, rva);
    return index < 0 ? -1 : reduced.of(components.of[index] ?? 0);
  };
  return {
    imports: imports.list,
    names: names.list,
    nodes: reduced.nodes,
    exports: exportsOf(facts, nodeOf, sites, functions.starts),
    roots: rootsOf(facts, nodeOf, go, imports),
    passes: passesOf(facts, sites, functions.starts),
    sites: { all: sites.count, open: sites.openCount, unknownLookups: sites.unknownLookups },
  };
}

function callGraph(program: Program): Graph {
  const { functions } = program;
  const { events, starts } = functions;
  const sources = new U32List(events.length + 1);
  const targets = new U32List(events.length + 1);
  const add = (from: number, rva: number): void => {
    const to = functionAt(functions, rva);
    if (to < 0 || to === from) return;
    sources.push(from);
    targets.push(to);
  };
  let last = -1;
  forEachLive(functions, (event, index) => {
    const kind = events.kind.at(event);
    const target = events.target.at(event);
    if (kind === KIND.call || kind === KIND.jump || kind === KIND.fall || kind === KIND.reference) add(index, target);
    else if (kind === KIND.immediate) {
      if (starts[floorIndex(starts, target)] === target) add(index, target);
    } else if ((kind === KIND.indirect || kind === KIND.table) && last !== index) {
      last = index;
      for (const label of program.tableTargets(index)) add(index, label);
    }
  });
  return graphOf(starts.length, sources.view(), targets.view());
}

function addImports(program: Program, payloadOf: (index: number) => Payload, imports: Names): void {
  const { events } = program.functions;
  forEachLive(program.functions, (event, index) => {
    const kind = events.kind.at(event);
    if (kind !== KIND.slotCall && kind !== KIND.slotJump && kind !== KIND.slotLoad) return;
    const name = program.importAt(events.target.at(event));
    if (name !== undefined && name !== "") payloadOf(index).imports.add(imports.of(name));
  });
}

/** Names of functions, from symbols or Go's table; otherwise the address as `objdump` shows it. */
function namer(program: Program, facts: Facts, wanted: ReadonlySet<number>): (index: number) => string {
  const { functions } = program;
  const byStart = new Map<number, string>();
  const put = (rva: number, read: () => string): void => {
    if (!wanted.has(rva)) return;
    const name = read();
    const known = byStart.get(rva);
    if (name !== "" && (known === undefined || isPlainer(name, known))) byStart.set(rva, name);
  };
  facts.go?.rvas.forEach((rva, i) => put(rva, () => facts.go?.name(i) ?? ""));
  facts.local.rvas.forEach((rva, i) => put(rva, () => facts.local.name(i)));
  for (let i = 0; i < facts.symbols.count; i += 1) {
    if (facts.symbols.isDefined(i) && facts.symbols.isCode(i))
      put(facts.symbols.address(i), () => facts.symbols.name(i));
  }
  return (index) => {
    const start = functions.starts[index] ?? 0;
    return byStart.get(start) ?? `at 0x${(start + facts.image.base).toString(16)}`;
  };
}

/**
 * Chooses among a function's aliases: first the one without underscores (`write`, not `__write`), then the shorter,
 * then the first by code point.
 */
function isPlainer(name: string, than: string): boolean {
  const underscores = (text: string): number => /^_*/.exec(text)?.[0].length ?? 0;
  const difference = underscores(name) - underscores(than) || name.length - than.length;
  return difference < 0 || (difference === 0 && name < than);
}

interface Reduced {
  readonly nodes: readonly Node[];
  /** The node of a component. -1 if the component reaches nothing. */
  of(component: number): number;
}

/** Callees come first, so that each component meets callees whose reach is known. */
function reduce(graph: Graph, components: Components, payloads: ReadonlyMap<number, Payload>): Reduced {
  const edges = componentEdges(graph, components);
  const nodeOf = new Int32Array(components.count).fill(-1);
  const known = new Map<string, number>();
  const nodes: Node[] = [];
  for (let component = 0; component < components.count; component += 1) {
    const to = new Set<number>();
    for (let i = edges.offsets[component] ?? 0; i < (edges.offsets[component + 1] ?? 0); i += 1) {
      const node = nodeOf[edges.targets[i] ?? 0] ?? -1;
      if (node >= 0) to.add(node);
    }
    const payload = payloads.get(component);
    if (payload === undefined && to.size <= 1) {
      for (const node of to) nodeOf[component] = node;
      continue;
    }
    const node = nodeFrom(to, payload);
    const key = JSON.stringify(node);
    let number = known.get(key);
    if (number === undefined) {
      number = nodes.length;
      nodes.push(node);
      known.set(key, number);
    }
    nodeOf[component] = number;
  }
  return { nodes, of: (component) => nodeOf[component] ?? -1 };
}

function componentEdges({ offsets, targets }: Graph, components: Components): Graph {
  const sources = new Uint32Array(targets.length);
  const ends = new Uint32Array(targets.length);
  for (let i = 0; i < offsets.length - 1; i += 1) {
    for (let edge = offsets[i] ?? 0; edge < (offsets[i + 1] ?? 0); edge += 1) {
      sources[edge] = components.of[i] ?? 0;
      ends[edge] = components.of[targets[edge] ?? 0] ?? 0;
    }
  }
  return graphOf(components.count, sources, ends);
}

const ascending = (a: number, b: number): number => a - b;

function nodeFrom(to: ReadonlySet<number>, payload: Payload | undefined): Node {
  const makes = [...(payload?.makes.values() ?? [])].sort(byNumbers).flat();
  const forwards = [...(payload?.forwards.values() ?? [])].sort(byNumbers);
  const open = [...(payload?.open.values() ?? [])];
  const operations = [...(payload?.operations.values() ?? [])].sort(byNumbers);
  return {
    ...(to.size === 0 ? {} : { to: [...to].sort(ascending) }),
    ...(payload === undefined || payload.imports.size === 0 ? {} : { imports: [...payload.imports].sort(ascending) }),
    ...(makes.length === 0 ? {} : { makes }),
    ...(forwards.length === 0 ? {} : { forwards }),
    ...(open.length === 0 ? {} : { open }),
    ...(operations.length === 0 ? {} : { operations }),
  };
}

function byNumbers(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0);
  return 0;
}

function exportsOf(
  facts: Facts,
  nodeOf: (rva: number) => number,
  sites: Sites,
  starts: Uint32Array,
): readonly (string | number)[] {
  const found: (string | number)[] = [];
  const seen = new Set<string>();
  for (let i = 0; i < facts.symbols.count; i += 1) {
    if (!facts.symbols.isDefined(i) || !facts.symbols.isCode(i)) continue;
    const rva = facts.symbols.address(i);
    const node = nodeOf(rva);
    // A forwarder makes no call of its own. It is kept for its name.
    if (node < 0 && !sites.passes.has(floorIndex(starts, rva))) continue;
    const name = facts.symbols.name(i);
    const key = `${name} ${node}`;
    if (name === "" || seen.has(key)) continue;
    seen.add(key);
    found.push(name, node);
  }
  return found;
}

function passesOf(facts: Facts, sites: Sites, starts: Uint32Array): { readonly [name: string]: number } {
  const passes: [string, number][] = [];
  for (let i = 0; i < facts.symbols.count && sites.passes.size > 0; i += 1) {
    if (!facts.symbols.isDefined(i)) continue;
    const rva = facts.symbols.address(i);
    const index = floorIndex(starts, rva);
    const argument = starts[index] === rva ? sites.passes.get(index) : undefined;
    if (argument !== undefined && argument >= 0) passes.push([facts.symbols.name(i), argument]);
  }
  return Object.fromEntries(passes);
}

/**
 * Packages of Go's runtime. Go's linker keeps a function only if something may call it
 * (cmd/link/internal/ld/deadcode.go), so all functions count as reachable. Functions outside the runtime count as the
 * program's own.
 */
const goRuntime = /^(?:runtime[./]|internal\/(?:runtime|cpu|abi|bytealg)[./]|(?:type|go)[:.])/;

function rootsOf(facts: Facts, nodeOf: (rva: number) => number, go: GoFunctions | undefined, imports: Names): Roots {
  const nodes = (rvas: Iterable<number>): readonly number[] => {
    const found = new U32List();
    for (const rva of rvas) {
      const node = nodeOf(rva);
      if (node >= 0) found.push(node);
    }
    return [...sortedUnique(found.view())];
  };
  const { symbols } = facts;
  const dataImports = new Set<number>();
  for (const symbol of facts.relocations.dataSymbols) {
    if (symbols.isCode(symbol) && symbols.name(symbol) !== "") dataImports.add(imports.of(symbols.name(symbol)));
  }
  return {
    start: nodes(
      go === undefined ? facts.starts : [...facts.starts, ...go.rvas.filter((_, i) => !goRuntime.test(go.name(i)))],
    ),
    data: nodes(go === undefined ? facts.pointers : [...facts.pointers, ...go.rvas]),
    dataImports: [...dataImports].sort(ascending),
  };
}
