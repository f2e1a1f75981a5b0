import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Alias,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { SeccompGenError } from "../errors/index.ts";
import {
  folded,
  offsetOf,
  positionAt,
  profileFrom,
  readProfile,
  type Json,
  type Origin,
  type Position,
} from "../profile/index.ts";
import { blankedBefore } from "./blanked.ts";
import { holdsJsonProfile } from "./json-profile.ts";
import { isSecurityProfile, operatorProfile } from "./operator.ts";
import type { Carried } from "./types.ts";

/** Larger YAML is refused. Kubernetes stores nothing that large. */
const maxCharacters = 1024 * 1024;
/** A document may have at most this many values. Values behind aliases count each time. */
const maxValues = 100_000;
const maxDepth = 100;

/**
 * The profiles in a YAML text: SeccompProfiles of the security-profiles-operator, JSON in ConfigMaps and in any other
 * string, and objects with a default action. Throws `profile-yaml` if the text is no YAML, or is made to keep its
 * reader busy. The labels in `known` are listed even if nothing is left of their profiles.
 */
export function profilesInYaml(given: string, source: string, known: ReadonlySet<string>): readonly Carried[] {
  // go-yaml ends a line at each of these characters. A comment ends there too.
  const text = given.replace(/\r(?!\n)|[\u0085\u2028\u2029]/g, "\n");
  const fail = (detail: string, { line, column }: Position): never => {
    throw new SeccompGenError({ code: "profile-yaml", source, line, column, detail });
  };
  if (text.length > maxCharacters) fail(`it has more than ${maxCharacters} characters`, { line: 1, column: 1 });
  const deep = tooDeep(text);
  if (deep !== undefined) fail("it is nested too deeply", positionAt(text, deep));
  const lines = new LineCounter();
  // Kubernetes reads with go-yaml, which takes numbers and merge keys as YAML 1.1 does.
  const reading = { version: "1.1", intAsBigInt: true, logLevel: "silent", uniqueKeys: false } as const;
  const options = { ...reading, lineCounter: lines };
  const walker = new Walker(text, source, lines, known);
  try {
    for (const document of [...parseAllDocuments(text, options)]) {
      const [error] = document.errors;
      if (error !== undefined) {
        const { line, col } = lines.linePos(error.pos[0]);
        fail((error.message.split("\n")[0] ?? "").replace(/ at line .*$/, ""), { line, column: col });
      }
      walker.document(document);
    }
  } catch (error) {
    // The parser calls itself for each level.
    if (error instanceof RangeError) fail("it is nested too deeply", { line: 1, column: 1 });
    throw error;
  }
  return walker.found;
}

class Walker {
  readonly found: Carried[] = [];
  private values = 0;
  private readonly labels = new Set<string>();
  private readonly text: string;
  private readonly source: string;
  private readonly lines: LineCounter;
  private readonly targets = new Map<Alias, Node>();
  private readonly known: ReadonlySet<string>;

  constructor(text: string, source: string, lines: LineCounter, known: ReadonlySet<string>) {
    this.text = text;
    this.source = source;
    this.lines = lines;
    this.known = known;
  }

  document(document: Document.Parsed): void {
    const anchored = new Map<string, Node>();
    visit(document, {
      Node: (_key, node) => {
        if (isAlias(node)) {
          const target = anchored.get(node.source);
          if (target === undefined)
            throw this.error(`no anchor ${node.source} stands before this alias`, startOf(node));
          this.targets.set(node, target);
        } else if (node.anchor !== undefined) anchored.set(node.anchor, node);
      },
    });
    this.visit(document.contents, "", "", 0);
  }

  /** `owner`: the name of the manifest around the node. */
  private visit(node: unknown, pointer: string, owner: string, depth: number): void {
    this.count(depth);
    const value = this.followed(node);
    if (isSeq(value)) {
      for (const [at, item] of value.items.entries()) this.visit(item, `${pointer}/${at}`, owner, depth + 1);
      return;
    }
    if (isScalar(value)) return this.string(value, pointer, owner);
    if (!isMap(value)) return;
    const members = this.members(value);
    const name = this.nameOf(members) ?? owner;
    const plain = {
      apiVersion: textOf(this.followed(members.get("apiVersion"))),
      kind: textOf(this.followed(members.get("kind"))),
    };
    if (isSecurityProfile(plain)) return this.object(members.get("spec"), value, { label: name, isOperator: true });
    const label = joined(":", name, pointer);
    if (this.known.has(label) || [...members.keys()].some((key) => folded(key) === "defaultaction"))
      return this.object(value, value, { label, isOperator: false });
    for (const [key, member] of members) {
      if (plain.kind === "ConfigMap" && key === "binaryData") this.encoded(member, name);
      else
        this.visit(
          member,
          plain.kind === "ConfigMap" && key === "data" ? "" : `${pointer}/${escaped(key)}`,
          name,
          depth + 1,
        );
    }
  }

  /**
   * A map's members as go-yaml reads them. A merge key (`<<`) adds members, and a member that stands after it replaces
   * the added one. If a member stands before the merge key and also comes from it, the text is refused, because readers
   * disagree.
   */
  private members(map: YAMLMap, depth = 0): Map<string, unknown> {
    this.count(depth);
    const own = new Map<string, unknown>();
    const merged = new Set<string>();
    for (const { key, value } of map.items) {
      if (isMerge(key)) {
        for (const [name, member] of this.merged(value, depth)) {
          if (own.has(name))
            throw this.error(`${JSON.stringify(name)} stands before <<, which also gives it`, startOf(key));
          own.set(name, member);
          merged.add(name);
        }
        continue;
      }
      const name = keyText(this.followed(key));
      if (name === undefined) throw this.error("a key is no text", startOf(key));
      if (own.has(name) && !merged.delete(name))
        throw this.error(`${JSON.stringify(name)} is given twice in one map`, startOf(key));
      own.set(name, value);
    }
    return own;
  }

  /** The members that a merge key adds. If several maps have a member, the first one gives it. */
  private merged(node: unknown, depth: number): ReadonlyMap<string, unknown> {
    const value = this.followed(node);
    const parts = isSeq(value) ? value.items.map((item) => this.followed(item)) : [value];
    const all = parts.flatMap((part) => (isMap(part) ? [...this.members(part, depth + 1)] : []));
    return new Map(all.reverse());
  }

  private nameOf(members: ReadonlyMap<string, unknown>): string | undefined {
    const metadata = this.followed(members.get("metadata"));
    if (!isMap(metadata) || !members.has("kind")) return undefined;
    const inside = this.members(metadata);
    const [name, namespace] = ["name", "namespace"].map((key) => textOf(this.followed(inside.get(key))));
    return name === undefined ? undefined : namespace === undefined ? name : `${namespace}/${name}`;
  }

  private object(
    node: unknown,
    around: Node,
    { label, isOperator }: { readonly label: string; readonly isOperator: boolean },
  ): void {
    const place = (pointer: string): Position => this.placeIn(node, around, pointer);
    const origin: Origin = { text: "", source: this.source, place };
    const plain = this.plain(node, 0);
    this.found.push({
      label: this.unique(label),
      read: () => (isOperator ? operatorProfile(plain ?? {}, origin) : profileFrom(plain ?? {}, origin)),
      place,
      isWhole: false,
    });
  }

  private string(scalar: Scalar, pointer: string, owner: string): void {
    const value = textOf(scalar);
    const label = joined("/", owner, pointer.replace(/^\//, ""));
    if (value === undefined || (!this.known.has(label) && !holdsJsonProfile(value))) return;
    const [start = 0, end = 0] = scalar.range ?? [];
    const isLiteral = scalar.type === "BLOCK_LITERAL" && typeof scalar.value === "string";
    const from = isLiteral ? this.text.indexOf("\n", start) + 1 : start;
    // The lines of a literal are the JSON's own lines. For other strings only the beginning is known.
    this.json(
      isLiteral ? blankedBefore(this.text, from, end) : `${blankedBefore(this.text, from, from)}${value}`,
      label,
    );
  }

  /** `binaryData` of a ConfigMap: base64. */
  private encoded(node: unknown, owner: string): void {
    const map = this.followed(node);
    if (!isMap(map)) return;
    for (const [key, value] of this.members(map)) {
      const text = Buffer.from(textOf(this.followed(value)) ?? "", "base64").toString("utf8");
      const [start = 0] = ((value as Node | undefined)?.range ?? []) as readonly number[];
      const label = `${owner}/${key}`;
      if (this.known.has(label) || holdsJsonProfile(text))
        this.json(`${blankedBefore(this.text, start, start)}${text}`, label);
    }
  }

  private json(text: string, label: string): void {
    const { source } = this;
    this.found.push({
      label: this.unique(label),
      read: () => readProfile(text, source),
      place: (pointer) => positionAt(text, offsetOf(text, pointer)),
      isWhole: false,
    });
  }

  private unique(label: string): string {
    let own = label;
    for (let count = 2; this.labels.has(own); count += 1) own = `${label}~${count}`;
    this.labels.add(own);
    return own;
  }

  private followed(node: unknown): unknown {
    return isNode(node) && isAlias(node) ? this.targets.get(node) : node;
  }

  /** The value as JSON. Members that are null are left out, as engines' decoders do. */
  private plain(node: unknown, depth: number): Json {
    this.count(depth);
    const value = this.followed(node);
    if (isSeq(value)) return value.items.map((item) => this.plain(item, depth + 1));
    if (isMap(value))
      return Object.fromEntries(
        [...this.members(value)].flatMap(([name, member]) => {
          const inside = this.plain(member, depth + 1);
          return inside === undefined ? [] : [[name, inside] as const];
        }),
      );
    if (!isScalar(value)) return undefined;
    const scalar = textOf(value) ?? value.value;
    if (typeof scalar === "bigint")
      return scalar >= BigInt(Number.MIN_SAFE_INTEGER) && scalar <= BigInt(Number.MAX_SAFE_INTEGER)
        ? Number(scalar)
        : scalar;
    return typeof scalar === "string" || typeof scalar === "number" || typeof scalar === "boolean"
      ? scalar
      : scalar === null || scalar === undefined
        ? undefined
        : String(scalar as Date);
  }

  /** The place of a pointer, or of the nearest node around it. */
  private placeIn(node: unknown, around: Node, pointer: string): Position {
    let [inner, offset] = [this.followed(node), startOf(node) ?? startOf(around) ?? 0];
    for (const part of pointer.split("/").slice(1)) {
      const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
      const next = isSeq(inner) ? inner.items[Number(name)] : isMap(inner) ? this.members(inner).get(name) : undefined;
      const start = startOf(next);
      if (start === undefined) break;
      offset = start;
      inner = this.followed(next);
    }
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  private count(depth: number): void {
    this.values += 1;
    if (depth > maxDepth) throw this.error("it is nested too deeply", 0);
    if (this.values > maxValues) throw this.error(`it has more than ${maxValues} values`, 0);
  }

  private error(detail: string, offset = 0): SeccompGenError {
    const { line, col } = this.lines.linePos(offset);
    const place = { line: Math.max(1, line), column: Math.max(1, col) };
    return new SeccompGenError({ code: "profile-yaml", source: this.source, ...place, detail });
  }
}

function startOf(node: unknown): number | undefined {
  return (node as { readonly range?: readonly number[] | null } | undefined)?.range?.[0];
}

/** The text of a scalar, also of one in base64 (`!!binary`), which go-yaml decodes. */
function textOf(node: unknown): string | undefined {
  if (!isScalar(node)) return undefined;
  if (node.value instanceof Uint8Array) return Buffer.from(node.value).toString("utf8");
  return typeof node.value === "string" ? node.value : undefined;
}

function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  // The name as written: YAML 1.1 reads `y` as yes, and Kubernetes does not.
  return key.value instanceof Uint8Array ? textOf(key) : (key.source ?? String(key.value));
}

/** In quotes, or with another tag, `<<` is an ordinary name. */
function isMerge(key: unknown): boolean {
  if (!isScalar(key) || key.source !== "<<" || key.type !== "PLAIN") return false;
  return key.tag === undefined || key.tag === "tag:yaml.org,2002:merge";
}

function joined(by: string, ...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(by);
}

function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** The place where brackets nest deeper than in any manifest. The parser would run out of stack there. */
function tooDeep(text: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x5b || char === 0x7b) depth += 1;
    else if ((char === 0x5d || char === 0x7d) && depth > 0) depth -= 1;
    if (depth > 4 * maxDepth) return at;
  }
  return undefined;
}
