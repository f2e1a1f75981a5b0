/**
 * Checks that a value read from a file is a summary that `reachOf` can take. The file may be torn, or another program
 * may have written it.
 */
import type { CodeSummary, Node, ObjectSummary } from "./types.ts";

/** Raise it with every change in what summaries hold or find. */
export const summaryVersion = 5;

/** The summary in a JSON value. `undefined` if it is no summary, or one of another version. */
export function summaryFrom(value: unknown): ObjectSummary | undefined {
  if (!isObject(value) || value["version"] !== summaryVersion) return undefined;
  const isWhole = value["kind"] === "unsupported" ? typeof value["reason"] === "string" : isCode(value);
  // Every member that `reachOf` reads was looked at.
  return isWhole ? (value as unknown as ObjectSummary) : undefined;
}

interface Json {
  readonly [key: string]: unknown;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCode(value: Json): boolean {
  const { kind, machine, go, symbolic, imports, names, nodes, roots, passes, sites } = value;
  if (kind !== "code" || (machine !== "x86-64" && machine !== "aarch64")) return false;
  if (typeof go !== "boolean" || typeof symbolic !== "boolean" || !isNumber(value["codeBytes"])) return false;
  if (![value["buildId"], value["soname"], value["interpreter"]].every(isOptionalText)) return false;
  if (!isTexts(value["needed"]) || !isTexts(value["limits"]) || !isTexts(imports) || !isTexts(names)) return false;
  if (!Array.isArray(nodes) || !isObject(roots) || !isObject(passes) || !isObject(sites)) return false;
  const sizes: Sizes = { nodes: nodes.length, imports: imports.length, names: names.length };
  return (
    nodes.every((node) => isNode(node, sizes)) &&
    isExports(value["exports"], sizes.nodes) &&
    isBelow(roots["start"], sizes.nodes) &&
    isBelow(roots["data"], sizes.nodes) &&
    isBelow(roots["dataImports"], sizes.imports) &&
    Object.values(passes).every(isNumber) &&
    [sites["all"], sites["open"], sites["unknownLookups"]].every(isNumber)
  );
}

/** How many things of each kind the numbers in a summary may refer to. */
interface Sizes {
  readonly nodes: number;
  readonly imports: number;
  readonly names: number;
}

const nodeMembers: { readonly [member in keyof Required<Node>]: (value: unknown, sizes: Sizes) => boolean } = {
  to: (value, { nodes }) => isBelow(value, nodes),
  imports: (value, { imports }) => isBelow(value, imports),
  makes: (value, { names }) =>
    Array.isArray(value) &&
    value.length % 2 === 0 &&
    value.every((one, i) => (i % 2 === 0 ? isNumber(one) : isIndex(one, names))),
  forwards: (value, { imports, names }) =>
    isLists(value) && value.every(([symbol, name]) => isIndex(symbol, imports) && isIndex(name, names)),
  open: (value, { imports, names }) =>
    Array.isArray(value) &&
    value.every(
      (one) =>
        isObject(one) &&
        isIndex(one["name"], names) &&
        typeof one["reason"] === "string" &&
        (one["import"] === undefined || isIndex(one["import"], imports)),
    ),
  operations: (value, { names }) => isLists(value) && value.every(([, name]) => isIndex(name, names)),
};

function isNode(value: unknown, sizes: Sizes): boolean {
  if (!isObject(value)) return false;
  for (const [member, isRight] of Object.entries(nodeMembers)) {
    if (value[member] !== undefined && !isRight(value[member], sizes)) return false;
  }
  return true;
}

/** Name, node, name, node …; -1 means no node. */
function isExports(value: unknown, nodes: number): value is CodeSummary["exports"] {
  return (
    Array.isArray(value) &&
    value.length % 2 === 0 &&
    value.every((one, i) => (i % 2 === 0 ? typeof one === "string" : one === -1 || isIndex(one, nodes)))
  );
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isIndex(value: unknown, size: number): boolean {
  return isNumber(value) && value >= 0 && value < size;
}

function isBelow(value: unknown, size: number): boolean {
  return Array.isArray(value) && value.every((one) => isIndex(one, size));
}

/** Lists of at least two whole numbers. */
function isLists(value: unknown): value is readonly (readonly number[])[] {
  return Array.isArray(value) && value.every((one) => Array.isArray(one) && one.length >= 2 && one.every(isNumber));
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}
