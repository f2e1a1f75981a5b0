import { SeccompGenError } from "../errors/index.ts";
import type { Json } from "./types.ts";
import { folded } from "./members.ts";
import { positionAt } from "./position.ts";

/** A document as Go's decoder meets it (encoding/json): all members in their order, even if one occurs twice. */
export interface ParsedDocument {
  /** The document without members that are null. Go's decoder skips them. */
  readonly value: Json;
  readonly isNull: boolean;
  /** The members of the document itself, including those that are null. */
  readonly members: readonly (readonly [name: string, value: Json | null])[];
  /** The first member that an object has twice. `undefined` if there is none. */
  readonly duplicate: { readonly name: string; readonly offset: number } | undefined;
}

/** Go's decoder accepts no deeper nesting (encoding/json, maxNestingDepth). */
const maxDepth = 10_000;

/**
 * Parses JSON without losing digits. Throws `profile-json` with line and column, also if an object has a member twice.
 */
export function parseJson(text: string, source: string): Json {
  const { value, duplicate } = parseDocument(text, source);
  if (duplicate !== undefined) rejectDuplicate(duplicate, text, source);
  return value;
}

/**
 * If a member occurs twice, Go's decoder mixes the two values, list item by list item (measured on Docker 20.10). No
 * author means that.
 */
export function rejectDuplicate(
  { name, offset }: { readonly name: string; readonly offset: number },
  text: string,
  source: string,
): never {
  fail(
    text,
    source,
    offset,
    `${JSON.stringify(name)} is given twice in one object, and engines mix the ` + `two; keep one`,
  );
}

function fail(text: string, source: string, offset: number, detail: string): never {
  throw new SeccompGenError({ code: "profile-json", source, ...positionAt(text, offset), detail });
}

/** A document with more values is no profile. Docker's default has 1,500. */
const maxValues = 100_000;

/** An object or list that is not closed yet. */
interface Open {
  readonly list: Json[] | undefined;
  readonly entries: [string, Json][];
  readonly seen: Set<string>;
  /** The members that are null. */
  readonly nulls: { readonly name: string; readonly offset: number }[];
  name: string;
  nameAt: number;
}

/**
 * Parses JSON as Go's decoder does: no byte order mark, one value, at most 10,000 levels. The time is linear in the
 * text. The parser does not call itself, so deep nesting needs no stack.
 */
export function parseDocument(text: string, source: string): ParsedDocument {
  return new Parser(text, source).document();
}

/* eslint-disable-next-line no-control-regex */
const plainString = /[^"\\\u0000-\u001f]*/y;
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const words = new Map<string, boolean | null>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

class Parser {
  private at = 0;
  private values = 0;
  private readonly stack: Open[] = [];
  private readonly members: [string, Json | null][] = [];
  private duplicate: ParsedDocument["duplicate"];
  private readonly text: string;
  private readonly source: string;

  constructor(text: string, source: string) {
    this.text = text;
    this.source = source;
  }

  document(): ParsedDocument {
    if (this.text.startsWith("\uFEFF"))
      this.fail("it begins with a byte order mark, which Docker, podman and containerd refuse");
    let value = this.value();
    for (;;) {
      if (value === opened) {
        value = this.value();
        continue;
      }
      const top = this.stack.at(-1);
      if (top === undefined) break;
      this.add(top, value);
      value = this.next(top);
    }
    this.space();
    if (this.at < this.text.length) this.fail("there is more after the document");
    return {
      value: value === null ? undefined : value,
      isNull: value === null,
      members: this.members,
      duplicate: this.duplicate,
    };
  }

  /** Reads the value that begins here. Returns `opened` for an object or list that is not empty. */
  private value(): Json | null | typeof opened {
    this.values += 1;
    if (this.values > maxValues) this.fail(`it has more than ${maxValues} values, which no profile has`);
    this.space();
    const char = this.text[this.at];
    if (char === "{" || char === "[") return this.open(char);
    if (char === '"') return this.string();
    for (const [word, value] of words)
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    numberPattern.lastIndex = this.at;
    const digits = numberPattern.exec(this.text)?.[0];
    if (digits === undefined) return this.fail(char === undefined ? ends : `${show(char)} cannot begin a value`);
    this.at += digits.length;
    return exactNumber(digits);
  }

  private open(bracket: string): Json | typeof opened {
    if (this.stack.length >= maxDepth) this.fail("it is nested too deeply");
    this.at += 1;
    this.space();
    if (this.text[this.at] === (bracket === "{" ? "}" : "]")) {
      this.at += 1;
      return bracket === "{" ? {} : [];
    }
    const top: Open = {
      list: bracket === "[" ? [] : undefined,
      entries: [],
      seen: new Set(),
      nulls: [],
      name: "",
      nameAt: 0,
    };
    this.stack.push(top);
    if (bracket === "{") this.name(top);
    return opened;
  }

  private name(top: Open): void {
    this.space();
    if (this.text[this.at] !== '"') this.fail(this.at < this.text.length ? "a member's name is missing" : ends);
    top.nameAt = this.at;
    top.name = this.string();
    this.space();
    if (this.text[this.at] !== ":") this.fail(this.at < this.text.length ? "a colon is missing" : ends);
    this.at += 1;
  }

  private add(top: Open, value: Json | null): void {
    if (top.list !== undefined) return void top.list.push(value === null ? undefined : value);
    const { name, nameAt: offset } = top;
    if (this.stack.length === 1) this.members.push([name, value]);
    if (top.seen.has(name)) this.duplicate ??= { name, offset };
    top.seen.add(name);
    if (value !== null) top.entries.push([name, value]);
    else top.nulls.push({ name, offset });
  }

  /** Reads what follows a value: the next value, or the end of the object or list around it. */
  private next(top: Open): Json | typeof opened {
    this.space();
    const char = this.text[this.at];
    if (char === ",") {
      this.at += 1;
      if (top.list === undefined) this.name(top);
      return opened;
    }
    if (char !== (top.list === undefined ? "}" : "]")) this.fail(char === undefined ? ends : "a comma is missing");
    this.at += 1;
    this.stack.pop();
    if (top.list !== undefined) return top.list;
    this.duplicate ??= nullTwin(top);
    return Object.fromEntries(top.entries);
  }

  private string(): string {
    const start = this.at;
    this.at += 1;
    for (;;) {
      plainString.lastIndex = this.at;
      this.at += plainString.exec(this.text)?.[0].length ?? 0;
      const char = this.text[this.at];
      if (char === undefined) this.fail(ends);
      if (char === '"') break;
      if (char !== "\\") this.fail("a string has a control character");
      const escape = this.text[this.at + 1];
      const length = escape === "u" ? 6 : 2;
      if (
        escape === undefined ||
        !(escape === "u"
          ? /^[0-9a-fA-F]{4}$/.test(this.text.slice(this.at + 2, this.at + 6))
          : '"\\/bfnrt'.includes(escape))
      )
        this.fail("this is not an escape of a string");
      this.at += length;
    }
    this.at += 1;
    return JSON.parse(this.text.slice(start, this.at)) as string;
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at += 1;
    }
  }

  private fail(detail: string): never {
    return fail(this.text, this.source, this.at, detail);
  }
}

/** A null in a second spelling empties a list that the first one filled, so it must not be ignored silently. */
function nullTwin({ nulls, seen }: Open): ParsedDocument["duplicate"] {
  if (nulls.length === 0) return undefined;
  const spellings = new Map<string, number>();
  for (const name of [...seen].map(folded)) spellings.set(name, (spellings.get(name) ?? 0) + 1);
  return nulls.find(({ name }) => (spellings.get(folded(name)) ?? 0) > 1);
}

const opened = Symbol("opened");
const ends = "it ends too early";

function show(char: string): string {
  return JSON.stringify(char);
}

/**
 * Engines read integers only in plain digits. A number written as 1e3, 1.0 or -0 keeps its spelling and is no integer.
 * No integer of more than 20 digits has 64 bits.
 */
function exactNumber(digits: string): number | bigint | string {
  const number = Number(digits);
  if (Number.isInteger(number) && (/[.eE]/.test(digits) || Object.is(number, -0))) return digits;
  return Number.isSafeInteger(number) || digits.length > 21 || !/^-?\d+$/.test(digits) ? number : BigInt(digits);
}
