import { totalOf, type Aggregator, type Counts } from "../../core/recording/index.ts";
import { escapeTerminal } from "../../core/text/index.ts";
import { ActivityWindows, expectedText, spanText, unseenShare, unseenText, windowSeconds } from "./completeness.ts";
import type { Terminal } from "./terminal.ts";

/** The pauses between two progress lines, short at first, then long. A line appears only if something new was seen. */
const intervalMs = 2_000;

/** The pause between two states of a line that is replaced. */
const liveMs = 500;

/** If nothing is new, a line appears after this time, then after twice this time, and so on. */
const firstWordMs = 15_000;

/** At most this many new calls are named in one line. */
const maxNamed = 6;

/** What progress is shown about. */
export interface Progress {
  /** One for each trace, in the order in which they began. */
  readonly aggregators: readonly Aggregator[];
  /** The recording that a trace belongs to. On a terminal each has a line of its own. */
  readonly nameOf?: (aggregator: Aggregator) => string;
}

/**
 * Shows the progress of a recording: calls, distinct syscalls, what was new last, and which program made it. A terminal
 * has one line for each recording, below the application's output. Elsewhere each report is a plain line, because the
 * workload's own output goes to the same place. Returns the function that ends it.
 */
export function showProgress(
  { aggregators, nameOf = () => "" }: Progress,
  { note, board }: Pick<Terminal, "note" | "board">,
): () => void {
  /** The number of kinds of calls. A second container that does the same as the first brings nothing new. */
  let kinds = 0;
  const told = new Set<string>();
  let nextWord = firstWordMs;
  let newAt = performance.now();
  let named: readonly number[] = [];
  const windows: ActivityWindows[] = [];
  const lines = new Map<string, RecordingLine>();
  /** Estimates what may still come, from the calls that were seen once and from the windows of the first trace. */
  const estimate = (counts: readonly Counts[]): string => {
    const share = unseenShare(totalOf("calls", counts), totalOf("seenOnce", counts));
    const expected = windows[0]?.expected();
    const parts = [
      share === undefined ? undefined : unseenText(share),
      expected === undefined ? undefined : expectedText(expected),
    ];
    return parts.map((part) => (part === undefined ? "" : `; ${part}`)).join("");
  };
  const look = (): void => {
    const counts = aggregators.map((aggregator) => aggregator.counts());
    const seen = kindsOf(counts).size;
    if (seen > kinds) [kinds, newAt, nextWord] = [seen, performance.now(), firstWordMs];
    if (board !== undefined) {
      const all = boardLines(lines, byName(aggregators, counts, nameOf));
      // With one recording, there is room for what may still come.
      return board(all.length === 1 ? [`${all[0] ?? ""}${estimate(counts)}`] : all);
    }
    const quietMs = performance.now() - newAt;
    const head = `recording: ${figures(counts)}`;
    const fresh = [...kindsOf(counts, named)].filter((kind) => !told.has(kind));
    named = counts.map((count) => count.found.length);
    if (fresh.length === 0) {
      if (quietMs < nextWord) return;
      nextWord *= 2;
      return note(`${head}, last new one ${spanText(quietMs)} ago${estimate(counts)}`);
    }
    for (const kind of fresh) told.add(kind);
    note(`${head}, new: ${foundList(fresh)}`);
  };
  const timer = setInterval(look, board === undefined ? intervalMs : liveMs);
  timer.unref();
  const windowTimer = setInterval(() => {
    for (const [index, aggregator] of aggregators.entries())
      (windows[index] ??= new ActivityWindows()).end(aggregator.counts().found.map(({ calls }) => calls));
  }, windowSeconds * 1000);
  windowTimer.unref();
  return () => {
    clearInterval(timer);
    clearInterval(windowTimer);
    board?.([]);
    const counts = aggregators.map((aggregator) => aggregator.counts());
    if (kindsOf(counts).size > kinds) newAt = performance.now();
    const tail = estimate(counts);
    if (tail !== "") note(`recorded; last new syscall ${spanText(performance.now() - newAt)} before the end${tail}`);
  };
}

/** What a line of the terminal knows about its recording. */
interface RecordingLine {
  readonly kinds: number;
  readonly newAt: number;
}

/** A recording counts as quiet when it has shown nothing new for this long. */
const quietAfterMs = 5_000;

function boardLines(
  known: Map<string, RecordingLine>,
  recordings: ReadonlyMap<string, readonly Counts[]>,
): readonly string[] {
  return [...recordings].map(([name, counts]) => {
    const found = kindsOf(counts);
    const before = known.get(name);
    const line =
      before?.kinds === found.size ? before : ({ kinds: found.size, newAt: performance.now() } satisfies RecordingLine);
    known.set(name, line);
    const newest = counts.map((count) => count.found.at(-1)).findLast((each) => each !== undefined);
    const quietMs = performance.now() - line.newAt;
    const news = quietMs < quietAfterMs ? "new" : `quiet for ${spanText(quietMs)}, newest`;
    return (
      `${recordings.size === 1 ? "recording" : name}: ${figures(counts)}` +
      (newest === undefined ? "" : `, ${news}: ${foundText(newest)}`)
    );
  });
}

function byName(
  aggregators: readonly Aggregator[],
  counts: readonly Counts[],
  nameOf: (aggregator: Aggregator) => string,
): ReadonlyMap<string, readonly Counts[]> {
  const names = new Map<string, Counts[]>();
  for (const [index, aggregator] of aggregators.entries()) {
    const count = counts[index];
    const name = nameOf(aggregator);
    if (count !== undefined) names.set(name, [...(names.get(name) ?? []), count]);
  }
  return names;
}

function figures(counts: readonly Counts[]): string {
  const distinct = new Set(counts.flatMap(({ found }) => found.map(({ name }) => name))).size;
  return `${totalOf("calls", counts).toLocaleString("en")} calls, ${distinct} distinct syscalls`;
}

type Found = Counts["found"][number];

function foundText({ name, process }: Found): string {
  return process === undefined ? name : `${name} (${process})`;
}

/** The kinds that all logs have found, each once. `from` says where to begin in each log. */
function kindsOf(counts: readonly Counts[], from: readonly number[] = []): ReadonlySet<string> {
  return new Set(counts.flatMap(({ found }, index) => found.slice(from[index] ?? 0).map(foundText)));
}

/** The newest first. */
function foundList(fresh: readonly string[]): string {
  const shown = fresh.slice(-maxNamed).reverse().join(", ");
  return fresh.length > maxNamed ? `${shown} and ${fresh.length - maxNamed} more` : shown;
}

/** No progress is shown for a file that is read faster than this. */
const patienceSeconds = 0.5;

/**
 * Shows the progress of reading a long file, in one line of the terminal that is replaced: bytes, rate, time left.
 * Shows nothing if stderr is no terminal.
 */
export function showReading(
  label: string,
  terminal: Pick<Terminal, "status">,
): { readonly read: (done: number, total: number | undefined) => void; readonly end: () => void } {
  const begun = process.uptime();
  let next = begun + patienceSeconds;
  /** Opened only when there is something to show, because opening the terminal takes time. */
  let status: Terminal["status"];
  return {
    read(done, total) {
      const now = process.uptime();
      if (now < next) return;
      next = now + 0.2;
      status = terminal.status;
      status?.(readingLine(escapeTerminal(label), done, total, now - begun));
    },
    end() {
      status?.("");
    },
  };
}

/** `app.log: 120 of 480 MB, 60 MB/s, 6 s left` */
export function readingLine(label: string, done: number, total: number | undefined, seconds: number): string {
  const rate = done / seconds;
  const size = total === undefined ? `${megabytes(done)} MB` : `${megabytes(done)} of ${megabytes(total)} MB`;
  const left = total === undefined ? "" : `, ${Math.ceil(Math.max(0, total - done) / rate)} s left`;
  return `${label}: ${size}, ${megabytes(rate)} MB/s${left}`;
}

function megabytes(bytes: number): string {
  return Math.round(bytes / 1e6).toLocaleString("en");
}
