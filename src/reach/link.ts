/**
 * Summaries of a program's objects → one graph. Imports become edges, bound as the dynamic linker would bind them
 * (ld.so(8), "lookup scope"). Versions of symbols are ignored, so every version of a name is bound.
 */
import type { CodeSummary, LoadedObject, Node, ReachInput } from "./types.ts";

export interface LinkedObject {
  readonly name: string;
  readonly summary: CodeSummary;
  readonly own: boolean | undefined;
  /** The number of this object's first node among the nodes of all objects. */
  readonly firstNode: number;
  /**
   * Loaded with dlopen(3). It is mapped, but it is in DT_NEEDED of neither the executable nor an object that the
   * executable needs.
   */
  readonly late: boolean;
  readonly isExecutable: boolean;
}

/** What an import's name is bound to. */
export interface Bound {
  readonly nodes: readonly number[];
  /** Does the function make the call whose number it is passed? */
  readonly passes: boolean;
}

export interface Linked {
  readonly objects: readonly LinkedObject[];
  readonly nodeCount: number;
  node(number: number): { readonly object: LinkedObject; readonly node: Node };
  bind(object: LinkedObject, name: string): readonly Bound[];
  readonly missing: readonly string[];
}

interface Definition extends Bound {
  readonly object: LinkedObject;
}

export function link(input: ReachInput): Linked {
  const loaded = [input.executable, ...input.objects].filter(isCode);
  const scope = neededOrder(loaded, 0);
  const interpreter = loaded[0]?.summary.interpreter;
  const isLinker = (object: Loaded | undefined): boolean =>
    object !== undefined && interpreter !== undefined && isCalled(object, interpreter);
  const late = new Set(loaded.map((_, i) => i).filter((i) => !scope.includes(i) && !isLinker(loaded[i])));
  const objects: LinkedObject[] = [];
  let nodeCount = 0;
  for (const [i, { name, summary, own }] of loaded.entries()) {
    objects.push({ name, summary, own, firstNode: nodeCount, late: late.has(i), isExecutable: i === 0 });
    nodeCount += summary.nodes.length;
  }
  const definitions = definitionsOf(objects);
  const order = [...scope, ...[...objects.keys()].filter((i) => !scope.includes(i))];
  const scopes = new Map(objects.map((object, i) => [object, object.late ? neededOrder(loaded, i) : []]));
  const rank = new Map(order.map((i, position) => [objects[i], position]));
  const bindings = new Map<LinkedObject, Map<string, readonly Bound[]>>(objects.map((object) => [object, new Map()]));
  return {
    objects,
    nodeCount,
    node: (number) => nodeOf(objects, number),
    bind(object, name) {
      const known = bindings.get(object);
      let bound = known?.get(name);
      if (bound === undefined) {
        bound = bindName(
          object,
          definitions.get(name) ?? [],
          rank,
          (scopes.get(object) ?? []).map((i) => objects[i]),
        );
        known?.set(name, bound);
      }
      return bound;
    },
    missing: missingNames(loaded),
  };
}

type Loaded = LoadedObject & { readonly summary: CodeSummary };

function isCode(object: LoadedObject): object is Loaded {
  return object.summary.kind === "code";
}

/** DT_NEEDED holds a path if the library had no soname when it was linked. */
function isCalled({ name, summary }: Loaded, needed: string): boolean {
  return (
    name === needed ||
    summary.soname === needed ||
    (needed.includes("/") && [name, summary.soname].includes(needed.split("/").at(-1)))
  );
}

/** Breadth first over DT_NEEDED, as ld.so lays out a scope. */
function neededOrder(loaded: readonly Loaded[], first: number): readonly number[] {
  const order = loaded[first] === undefined ? [] : [first];
  for (const index of order) {
    for (const name of loaded[index]?.summary.needed ?? []) {
      const found = loaded.findIndex((object) => isCalled(object, name));
      if (found >= 0 && !order.includes(found)) order.push(found);
    }
  }
  return order;
}

function missingNames(loaded: readonly Loaded[]): readonly string[] {
  const missing = new Set<string>();
  for (const { summary } of loaded) {
    for (const name of summary.needed) if (!loaded.some((object) => isCalled(object, name))) missing.add(name);
  }
  const interpreter = loaded[0]?.summary.interpreter;
  if (interpreter !== undefined && !loaded.some((object) => isCalled(object, interpreter)))
    missing.add(interpreter.split("/").at(-1) ?? "");
  return [...missing].sort();
}

/** The definitions of each name that an object imports. */
function definitionsOf(objects: readonly LinkedObject[]): ReadonlyMap<string, readonly Definition[]> {
  const wanted = new Set(objects.flatMap(({ summary }) => summary.imports));
  const definitions = new Map<string, Map<LinkedObject, number[]>>();
  for (const object of objects) {
    const { exports } = object.summary;
    for (let i = 0; i + 1 < exports.length; i += 2) {
      const name = String(exports[i]);
      if (!wanted.has(name)) continue;
      let byObject = definitions.get(name);
      if (byObject === undefined) definitions.set(name, (byObject = new Map()));
      const nodes = byObject.get(object) ?? [];
      byObject.set(object, nodes);
      const node = Number(exports[i + 1]);
      if (node >= 0) nodes.push(object.firstNode + node);
    }
  }
  return new Map(
    [...definitions].map(([name, byObject]) => [
      name,
      [...byObject].map(([object, nodes]) => ({ object, nodes, passes: Object.hasOwn(object.summary.passes, name) })),
    ]),
  );
}

/**
 * The first definition in the program's scope. An object that was loaded late looks into its own scope too, and one
 * linked with -Bsymbolic looks into itself. All of these definitions are taken, because the flags of dlopen(3) are not
 * known.
 */
function bindName(
  object: LinkedObject,
  definitions: readonly Definition[],
  rank: ReadonlyMap<LinkedObject | undefined, number>,
  scope: readonly (LinkedObject | undefined)[],
): readonly Bound[] {
  const first = (candidates: readonly Definition[], at: (definition: Definition) => number): Definition | undefined =>
    candidates.reduce<Definition | undefined>(
      (best, one) => (best === undefined || at(one) < at(best) ? one : best),
      undefined,
    );
  const found = new Set<Definition>();
  const global = first(definitions, (one) => rank.get(one.object) ?? 0);
  if (global !== undefined) found.add(global);
  const local = first(
    definitions.filter((one) => scope.includes(one.object)),
    (one) => scope.indexOf(one.object),
  );
  if (local !== undefined) found.add(local);
  const itself = definitions.find((one) => one.object === object);
  if (itself !== undefined && (object.summary.symbolic || object.late)) found.add(itself);
  return [...found];
}

function nodeOf(
  objects: readonly LinkedObject[],
  number: number,
): { readonly object: LinkedObject; readonly node: Node } {
  let low = 0;
  let high = objects.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((objects[middle]?.firstNode ?? 0) <= number) low = middle + 1;
    else high = middle;
  }
  const object = objects[low - 1];
  const node = object?.summary.nodes[number - object.firstNode];
  if (object === undefined || node === undefined) throw new RangeError(`no node ${number}`);
  return { object, node };
}
