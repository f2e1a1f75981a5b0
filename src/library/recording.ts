import {
  mergeRecordings as mergeTwo,
  parseRecording,
  stringifyRecording,
  type Recording as RecordingDocument,
} from "../core/recording/index.ts";
import { readStream } from "../logs/index.ts";
import { checkOptions } from "./options.ts";
import { archOf, checkName } from "../project/index.ts";
import { plain, textOf, type Plain } from "./plain.ts";

/** What a workload was seen to do. `recordingOf`, `readRecording` and `mergeRecordings` make it. */
export class Recording {
  readonly name: string;
  /** What could not be read in the log and what the log lacks, one sentence each. Empty if nothing. */
  readonly warnings: readonly string[];
  readonly #document: RecordingDocument;

  /** @internal */
  constructor(document: RecordingDocument, warnings: readonly string[] = []) {
    this.name = document.name;
    this.warnings = warnings;
    this.#document = document;
  }

  /** The text of its recording.json. The same behaviour gives the same text. Write this to a file. */
  get text(): string {
    return stringifyRecording(this.#document);
  }

  /** The document's members, for JSON.stringify. */
  toJSON(): Plain<RecordingDocument> {
    return plain(this.#document);
  }

  /** @internal */
  static documentOf(recording: Recording): RecordingDocument {
    if (!(recording instanceof Recording))
      throw new TypeError("This is no recording. Make it with recordingOf(log, …) or readRecording(text) first.");
    return recording.#document;
  }
}

/** A log: a stream, its pieces, or all of it as text or bytes. gzip, xz, zstd and bzip2 are unpacked. */
export type Log = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string> | Uint8Array;

/** What a log does not say about itself. */
export interface LogOptions {
  /** The name of the recording and its profile: letters, digits and `._-`. */
  readonly name: string;
  /** The machine that wrote the log, by its name in uname, Docker or libseccomp. Absent for this machine. */
  readonly arch?: string;
  /** The folder that holds the file system of the traced programs. Absent if their code should not be read. */
  readonly root?: string;
}

/**
 * Reads a log of `strace -f` into a recording, in bounded memory. Throws SeccompGenError (`not-a-trace`, `foreign-log`)
 * if it is no such log, and the stream's own errors.
 */
export async function recordingOf(log: Log, options: LogOptions): Promise<Recording> {
  checkOptions(options, ["name", "arch", "root"], "recordingOf");
  const { name, arch, root } = (options as LogOptions | undefined) ?? {};
  if (name === undefined) throw new TypeError('A log needs a name for its recording: { name: "app" }.');
  const warnings: string[] = [];
  const terminal = {
    out: () => undefined,
    note: (line: string) => void warnings.push(line),
    status: undefined,
    color: false,
    width: 80,
    interrupted: new AbortController().signal,
  };
  const context = { name: checkName(name), arch: archOf(arch), root };
  return new Recording(await readStream(bytesOf(log), "log", context, terminal), warnings);
}

/** A string or a buffer is one piece of the log, not a sequence of letters or numbers. */
async function* bytesOf(log: Log): AsyncGenerator<Uint8Array> {
  for await (const piece of typeof log === "string" || log instanceof Uint8Array ? [log] : log)
    yield typeof piece === "string" ? Buffer.from(piece, "utf8") : piece;
}

/**
 * Reads the text of a recording.json. `source` is its name in messages. Throws SeccompGenError (`recording-invalid`,
 * `recording-newer`).
 */
export function readRecording(text: string, source = "recording.json"): Recording {
  return new Recording(parseRecording(textOf(text, "recording"), source));
}

/** Merges recordings: the result has what any of them saw. The name is the first one's. */
export function mergeRecordings(first: Recording, ...others: readonly Recording[]): Recording {
  return new Recording(
    others.map((other) => Recording.documentOf(other)).reduce(mergeTwo, Recording.documentOf(first)),
    [first, ...others].flatMap(({ warnings }) => warnings),
  );
}
