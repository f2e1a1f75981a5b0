/** Undoes what another tool did to a line of a log. One line of the log stays one line. */
export type Unwrap = (line: string) => string;

/** Is this text certainly a line of strace? */
type IsEvent = (text: string) => boolean;

/** Makes an `Unwrap`. An `Unwrap` remembers earlier lines, so each reading of a log needs its own. */
export type Wrapping = () => Unwrap;

/** Does `has` hold for most lines? Only then is the log taken to be another tool's. */
function most(lines: readonly string[], has: (line: string) => boolean): boolean {
  return 2 * lines.filter(has).length > lines.filter((line) => line.trim() !== "").length;
}

/**
 * Every line is, or ends with, a JSON object that has strace's line as a member: Docker's json-file
 * (`{"log":"…\n","stream":"stderr"}`), journalctl -o json (`MESSAGE`), loggers (`msg`), fluentd.
 */
export function jsonWrapping(lines: readonly string[], isEvent: IsEvent): Wrapping | undefined {
  if (!most(lines, (line) => line.includes('{"') && line.endsWith("}"))) return undefined;
  const members = lines.flatMap((line) => Object.entries(objectOf(line) ?? {}));
  const [key] = members.find(([, value]) => typeof value === "string" && isEvent(value.trimEnd())) ?? [];
  if (key === undefined) return undefined;
  const texts = members.flatMap(([name, value]) => (name === key && typeof value === "string" ? [value] : []));
  return texts.some((text) => text.endsWith("\n")) ? () => joinedText(key) : () => (line) => textOf(line, key) ?? line;
}

/** Docker splits a long line into entries. Only the last one ends with a newline. */
function joinedText(key: string): Unwrap {
  const begun = new Map<string, string>();
  return (line) => {
    const text = textOf(line, key);
    if (text === undefined) return line;
    const stream = /"stream": ?"(\w+)"/.exec(line.slice(line.lastIndexOf('"stream"')))?.[1] ?? "";
    const whole = (begun.get(stream) ?? "") + text;
    begun.delete(stream);
    if (whole.endsWith("\n")) return whole.slice(0, -1);
    begun.set(stream, whole);
    return "";
  };
}

function textOf(line: string, key: string): string | undefined {
  const value = objectOf(line)?.[key];
  if (typeof value !== "string") return undefined;
  const text = Buffer.from(value, "utf8").toString("latin1");
  return text.slice(0, -1).replaceAll("\n", " ") + text.slice(-1);
}

function objectOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(line.slice(line.indexOf('{"')), "latin1").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Lines of the Container Runtime Interface. It splits a long line into parts:
 *
 *     2024-01-02T03:04:05Z stderr P 7 openat(AT_FDCWD, "/etc/pas
 *     2024-01-02T03:04:05Z stderr F swd", O_RDONLY) = 3
 */
export function criWrapping(lines: readonly string[]): Wrapping | undefined {
  return most(lines, (line) => criLine.test(line)) ? joinedParts : undefined;
}

const criLine = /^\S{10,40} (stdout|stderr) ([FP])(?: |$)/;

function joinedParts(): Unwrap {
  const begun = new Map<string, string>();
  return (line) => {
    const [prefix = "", stream = "", kind] = criLine.exec(line) ?? [];
    const whole = (begun.get(stream) ?? "") + line.slice(prefix.length);
    begun.set(stream, kind === "P" ? whole : "");
    return kind === "P" ? "" : whole;
  };
}

/**
 * One column of a table with separators holds strace's line, its quotes doubled (RFC 4180):
 *
 *     2024-01-02,"7 openat(AT_FDCWD, ""/etc/passwd"", O_RDONLY) = 3"
 */
export function csvWrapping(lines: readonly string[], isEvent: IsEvent): Wrapping | undefined {
  if (!lines.some(doublesQuotes)) return undefined;
  for (const separator of [",", ";", "\t"]) {
    const rows = lines.map((line) => fieldsOf(line, separator));
    const column = rows.find((row) => row.some(isEvent))?.findIndex(isEvent);
    if (column !== undefined && most(lines, (line) => isEvent(fieldsOf(line, separator)[column] ?? "")))
      return () => (line) => fieldsOf(line, separator)[column] ?? line;
  }
  return undefined;
}

/** Does a quoted part hold a call, and a doubled quote after it? */
function doublesQuotes(line: string): boolean {
  const parts = line.split('"');
  return parts.some((part, at) => at > 0 && at + 2 < parts.length && parts[at + 1] === "" && /\w\(/.test(part));
}

function fieldsOf(row: string, separator: string): readonly string[] {
  const fields: string[] = [];
  for (let at = 0; at <= row.length; at += 1) {
    const isQuoted = row.charAt(at) === '"';
    let end = isQuoted ? at + 1 : row.indexOf(separator, at);
    while (isQuoted && end < row.length && (row.charAt(end) !== '"' || row.charAt(end + 1) === '"'))
      end += row.charAt(end) === '"' ? 2 : 1;
    if (end < 0) end = row.length;
    fields.push(isQuoted ? row.slice(at + 1, end).replaceAll('""', '"') : row.slice(at, end));
    at = isQuoted ? end + 1 : end;
  }
  return fields;
}

const entities: { readonly [name: string]: string } = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'", nbsp: " " };
const escapedParts =
  /&lt;unfinished |&lt;\.\.\. \w+ resumed|\w\((?:\w+, )?&(?:quot|#34);|\w\(\d+&lt;|WIFEXITED\(s\) &amp;/;

/** A copy from the source of a web page: `&lt;unfinished ...&gt;`. strace's own `<` are no tags there. */
export function htmlWrapping(lines: readonly string[]): Wrapping | undefined {
  if (!lines.some((line) => escapedParts.test(line))) return undefined;
  return () => (line) =>
    line
      .replace(/<\/?[A-Za-z!][^<>]*>/g, "")
      .replace(/&(?:#(\d{1,5})|#x([\da-f]{1,4})|(\w+));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
        if (name !== undefined) return entities[name] ?? whole;
        return String.fromCharCode(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
      });
}

/** What word processors, chats and issue trackers make of quotes, dots and blanks, in UTF-8. */
const typographic: readonly (readonly [string, string])[] = (
  [
    ["\u201c\u201d\u201e\u00ab\u00bb", '"'],
    ["\u2018\u2019", "'"],
    ["\u2026", "..."],
    ["\u00a0\u202f", " "],
    ["\u2013\u2014\u2212", "-"],
  ] as const
).flatMap(([from, to]) => from.split("").map((char) => [Buffer.from(char, "utf8").toString("latin1"), to] as const));

/** strace writes nothing but ASCII. So another program rewrote a call that holds such a character. */
export function typographicWrapping(lines: readonly string[]): Wrapping | undefined {
  const calls = lines.filter((line) => isCall(line.replaceAll("\u00c2\u00a0", " ")));
  if (!calls.some((line) => typographic.some(([from]) => line.includes(from)))) return undefined;
  return () => (line) => typographic.reduce((text, [from, to]) => text.replaceAll(from, to), line);
}

/** Does the text hold a call and its result, with no quote before the call? */
function isCall(text: string): boolean {
  const at = text.search(/\w\(/);
  return at >= 0 && !text.slice(0, at).includes('"') && /\) *= /.test(text.slice(at));
}

/** One of a line's first few numbers is the line's own number. It grows by one in this many lines of twenty. */
const mostNumbers = 3;
const oftenOf20 = 19;
const enoughLines = 10;

/**
 * Each line begins with its number (`cat -n`, `nl`, `grep -n`, a table). A number that grows by one with every line is
 * no process id and no time.
 *
 *     log.txt:12:7 brk(NULL) = 0x55
 *     ^^^^^^^^^^^
 */
export function numberedWrapping(lines: readonly string[]): Wrapping | undefined {
  const written = lines.slice(0, -1).filter((line) => line !== "");
  for (let place = 1; place <= mostNumbers && written.length >= enoughLines; place += 1) {
    // Each number is taken whole: a long row of digits has one way to match, and not one for each way to part it.
    const pattern = new RegExp(String.raw`^(?:[^\d(]*\d+(?!\d)){${place - 1}}[^\d(]*(\d+)(?=[\s:|-])`);
    const numbers = written.map((line) => Number(pattern.exec(line)?.[1] ?? Number.NaN));
    const counted = numbers.filter((number, index) => number === (numbers[index - 1] ?? Number.NaN) + 1).length;
    if (20 * counted >= oftenOf20 * (written.length - 1))
      return () => (line) => line.replace(pattern, "").replace(/^(?:[:\t-]| {1,2})/, "");
  }
  return undefined;
}

/**
 * The right edge of a table, or of quoted lines. No line of strace ends in this way. Markdown writes `\|` for the bar
 * of O_RDWR|O_CLOEXEC.
 */
export function rowWrapping(lines: readonly string[]): Wrapping | undefined {
  if (!most(lines, (line) => withoutEdge(line) !== line.trimEnd())) return undefined;
  return () => (line) => withoutEdge(line).replaceAll(String.raw`\|`, "|");
}

function withoutEdge(line: string): string {
  const text = line.trimEnd().replace(/\|$/, "").trimEnd();
  return text.replace(/(?:`|"[,;]?)$/, "");
}
