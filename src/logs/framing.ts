import { SeccompGenError } from "../core/errors/index.ts";
import { beginsLine } from "../strace-parser/index.ts";
import {
  criWrapping,
  csvWrapping,
  htmlWrapping,
  jsonWrapping,
  numberedWrapping,
  rowWrapping,
  typographicWrapping,
  type Wrapping,
} from "./wrapping.ts";

/** What another tool did to strace's lines, in the order in which we undo it. */
export type Framing = readonly Wrapping[];

/** Only this many bytes are looked at. Of their lines, about `enoughLines` are looked at. */
export const headBytes = 64 * 1024;
const enoughLines = 200;

/** The longest prefix: a pod's and a container's name, a time, a stream. */
const maxPrefix = 600;

const month = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const clock = String.raw`\d\d:\d\d:\d\d(?:[.,]\d+)?`;

/** The parts that differ from line to line: dates (Docker, kubectl, journalctl, ts, GitHub). */
const dated = [
  String.raw`\d{4}[-/]\d\d[-/]\d\d[T ]${clock}(?:Z| ?[+-]\d\d:?\d\d)?`,
  String.raw`(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${month} +\d{1,2} ${clock}(?: \d{4}(?= ))?`,
  String.raw`(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(?:${month} +\d{1,2}|\d{1,2} ${month} \d{4}) ${clock}`,
];
/**
 * Times that strace itself may have written. They count as another tool's only if no line of strace begins with them.
 */
const timed = [clock, String.raw`\d{9,}(?:\.\d+)?(?= )`, String.raw`(?<=\[) *\d+\.\d+(?=\])`];

const datedAt = new RegExp(`(?:${dated.join("|")})`, "y");
const timedAt = new RegExp(`(?:${timed.join("|")})`, "y");

/** A line with such an end or beginning is certainly strace's. */
const surely = /\)\s*= (?:-?\d|0x[0-9a-f]|\?)|<unfinished \.\.\.>$|^\+\+\+ |^--- SIG| resumed>/;
const colours = new RegExp(String.raw`\x1b\[[0-9;]*m`, "g");

/** The parts of a prefix: constant text, or `undefined` for a part that differs. */
type Shape = readonly (string | undefined)[];

/**
 * The framing of a log, from its first lines. Empty if strace's lines are as strace wrote them, or if there are none.
 * Throws `foreign-log` for the logs of other tracers.
 */
export function framingOf(head: Uint8Array, label: string): Framing {
  let lines = linesOf(head).map(plainText);
  const framing: Wrapping[] = [];
  for (const find of [
    jsonWrapping,
    criWrapping,
    csvWrapping,
    htmlWrapping,
    typographicWrapping,
    numberedWrapping,
    rowWrapping,
  ]) {
    const wrapping = find(lines, isEvent);
    if (wrapping === undefined) continue;
    framing.push(wrapping);
    lines = lines.map(wrapping()).map(plainText);
  }
  const prefix = prefixWrapping(lines, label);
  return prefix === undefined ? framing : [...framing, prefix];
}

function isEvent(text: string): boolean {
  return surely.test(text) && prefixOf(text) !== undefined;
}

/** A text before each line: `web-1  | `, `[pod/web/app] `, a date. */
function prefixWrapping(head: readonly string[], label: string): Wrapping | undefined {
  const shapes = new Map<string, { readonly shape: Shape; lines: number }>();
  const lines: string[] = [];
  const events: string[] = [];
  for (const line of sampled(head)) {
    const found = prefixOf(line);
    if (found === undefined) continue;
    const key = JSON.stringify(found.shape.map((part) => part ?? null));
    const known = shapes.get(key) ?? { shape: found.shape, lines: 0 };
    known.lines += 1;
    shapes.set(key, known);
    lines.push(line);
    events.push(line.slice(found.end));
  }
  refuseForeign(events, label);
  const [most] = [...shapes.values()].filter(({ shape }) => shape.length > 0).sort((a, b) => b.lines - a.lines);
  if (most === undefined) return undefined;
  // `[pod/web/app] ` alone looks like the context that --secontext prints.
  const pattern = patternOf(most.shape);
  return 2 * lines.filter((line) => pattern.test(line)).length > lines.length
    ? () => (line) => line.replace(pattern, "")
    : undefined;
}

function plainText(line: string): string {
  return line.replace(colours, "").replace(/\r$/, "");
}

function linesOf(head: Uint8Array): readonly string[] {
  return Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, headBytes)).toString("latin1").split("\n");
}

/** Takes lines from the whole head. Other threads may appear late, and only then does strace write a column of pids. */
function sampled(lines: readonly string[]): readonly string[] {
  const step = Math.ceil(lines.length / enoughLines);
  return lines.filter((_, index) => index % step === 0);
}

/**
 * The text before strace's line. `undefined` if the line has none.
 *
 *     web-1  | 2024-01-01T00:00:00.123456789Z [pid 12] read(3, "ab", 9) = 2
 *     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ prefix
 */
function prefixOf(line: string): { readonly shape: Shape; readonly end: number } | undefined {
  if (!surely.test(line)) {
    if (!/(?:\+\+\+|---)$/.test(line)) return undefined;
  }
  if (plain.test(line)) return { shape: [], end: 0 };
  const bytes = Buffer.from(line, "latin1");
  const shape: (string | undefined)[] = [];
  let text = 0;
  for (let at = relative.test(line) ? 0 : afterBlanks(line, 0); at < line.length && at < maxPrefix;) {
    const differing = matchAt(datedAt, line, at) ?? (isLine(line, bytes, at) ? undefined : matchAt(timedAt, line, at));
    if (differing !== undefined) {
      if (at > text) shape.push(line.slice(text, at));
      shape.push(undefined);
      text = at + differing.length;
      at = afterBlanks(line, text);
    } else if (isLine(line, bytes, at)) {
      if (!surely.test(line.slice(at))) return undefined;
      if (at > text) shape.push(line.slice(text, at));
      return { shape, end: at };
    } else at = afterBoundary(line, at);
  }
  return undefined;
}

/** Most lines of strace begin in this way. For these, no prefix needs to be tried. */
const plain = /^(?:\d{1,7} +|\[pid +\d+\] )?[a-z]\w*\(/;

/** strace writes the pid before a time or a context. So another tool wrote any text before a pid. */
const beforePid = new RegExp(String.raw`(?:${clock}|\d{9,}(?:\.\d+)?|\[[^\]]*\]) +\d+ +[^\d ]`, "y");

function isLine(line: string, bytes: Uint8Array, at: number): boolean {
  return matchAt(beforePid, line, at) === undefined && beginsLine(bytes, at, bytes.length);
}

/** A line of `strace -r` begins with blanks. The collector of the log wrote all other blanks. */
const relative = /^ *\d+\.\d+ |^(?=.{6} ) *\d+ /;

function afterBlanks(line: string, at: number): number {
  let after = at;
  while (line.charAt(after) === " ") after += 1;
  return after;
}

function matchAt(pattern: RegExp, line: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(line)?.[0];
}

/** A prefix ends with a blank, a tab, or one of these. */
const prefixEnds = ' \t|]:>[`"+';

function afterBoundary(line: string, at: number): number {
  let next = at + 1;
  while (next < line.length && !(prefixEnds.includes(line.charAt(next - 1)) && line.charAt(next) !== " ")) next += 1;
  return next;
}

function patternOf(shape: Shape): RegExp {
  const parts = shape.map((part) => (part === undefined ? `(?:${[...dated, ...timed].join("|")})` : escaped(part)));
  // Collectors may remove the blanks at the end of a prefix if the line after it is empty.
  const last = parts.at(-1);
  if (last !== undefined && shape.at(-1) !== undefined) {
    let blanks = 0;
    while (/[ \t]/.test(last.at(-1 - blanks) ?? "")) blanks += 1;
    parts[parts.length - 1] = `${last.slice(0, last.length - blanks)}[ \\t]{0,${blanks}}`;
  }
  return new RegExp(`^${parts.join("")}`);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}

/**
 * Throws for logs of other tracers. Their lines look like strace's, but show failures in another way. So half of the
 * lines would be misread.
 */
function refuseForeign(events: readonly string[], label: string): void {
  const several = events.filter((event) => /^(?:\d+ +)?\w+\([^"'<{[(/]*,/.test(event));
  const dense = several.filter((event) => /^(?:\d+ +)?\w+\([^"'<{[(/]*,\S/.test(event));
  const isDense = dense.length > 0 && 2 * dense.length > several.length;
  if (isDense || events.some((event) => /\) = .*\berrno=\d+ \(/.test(event)))
    throw new SeccompGenError({
      code: "foreign-log",
      path: label,
      detail:
        "this is a log of another tracer (qemu -strace, gVisor, truss), which writes failures differently " +
        "from strace",
      todo: "Trace with strace -f -o FILE on a machine of the program's architecture, or let seccomp-gen record it.",
    });
  if (events.some((event) => /^(?:\d+ +)?(?:SYS_[a-z]\w*|\w+@SYS)\(/.test(event)))
    throw new SeccompGenError({
      code: "foreign-log",
      path: label,
      detail: "this is a log of ltrace, not of strace",
      todo: "Trace with strace -f -o FILE, or let seccomp-gen record the program.",
    });
}

/** The lines as strace wrote them, one for each line of the log, so that line numbers stay the same. */
export async function* withoutFraming(
  chunks: AsyncIterable<Uint8Array>,
  framing: Framing,
): AsyncGenerator<Uint8Array, void, undefined> {
  const steps = framing.map((wrapping) => wrapping());
  const unframe = (line: string): string => steps.reduce((text, step) => plainText(step(text)), plainText(line));
  let held = "";
  for await (const chunk of chunks) {
    const lines = (held + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1")).split("\n");
    held = lines.pop() ?? "";
    yield Buffer.from(lines.map((line) => `${unframe(line)}\n`).join(""), "latin1");
  }
  if (held !== "") yield Buffer.from(unframe(held), "latin1");
}
