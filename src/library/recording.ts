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

/** What a workload was seen to do. Made by `recordingOf`, `readRecording` and `mergeRecordings`. */
export class Recording {
  readonly name: string;
  /**
   * What could not be read in the log and what the log lacks, in sentences. Empty if there is
   * nothing to say.
   */
  readonly warnings: readonly string[];
  readonly #document: RecordingDocument;

  /** @internal */
  constructor(document: RecordingDocument, warnings: readonly string[] = []) {
    this.name = document.name;
    this.warnings = warnings;
    this.#document = document;
  }

  /** The text of its recording.json, the same for the same behaviour. Write this to a file. */
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

/** What a log does not say of itself. */
export interface LogOptions {
  /** What the recording and its profile are called: letters, digits and `._-`. */
  readonly name: string;
  /** The machine that wrote the log, as uname, Docker or libseccomp call it. Absent: this machine. */
  readonly arch?: string;
  /** The folder that holds the file system of the traced programs. Absent: their code is not read. */
  readonly root?: string;
}

/**
 * Reads a log of `strace -f` into a recording, in bounded memory. Throws SeccompGenError
 * (`not-a-trace`, `foreign-log`) for what is no such log, and what the stream throws.
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
 * Reads the text of a recording.json. `source` is what messages call it. Throws SeccompGenError
 * (`recording-invalid`, `recording-newer`).
 */
export function readRecording(text: string, source = "recording.json"): Recording {
  return new Recording(parseRecording(textOf(text, "recording"), source));
}

/** All recordings as one: what any of them saw. The name is the first one's. */
export function mergeRecordings(first: Recording, ...others: readonly Recording[]): Recording {
  return new Recording(
    others.map((other) => Recording.documentOf(other)).reduce(mergeTwo, Recording.documentOf(first)),
    [first, ...others].flatMap(({ warnings }) => warnings),
  );
}
