import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { SeccompGenError } from "../core/errors/index.ts";

/**
 * How much of a file was read. `total` is undefined if it has no size (a pipe). Both count bytes of the file as it is
 * stored, packed or not.
 */
export type OnRead = (done: number, total: number | undefined) => void;

/** Memory into which the reader wants a chunk. */
export type Room = () => Uint8Array | undefined;

/**
 * The bytes of a file or of standard input (`-`), unpacked. A chunk's memory is reused: it is valid until the caller
 * takes the next chunk. `room` may give the memory for all chunks except the first. Throws the system's errors, and
 * `file-unreadable` if an unpacker is missing or fails.
 */
export async function* readUnpacked(
  path: string,
  onRead: OnRead,
  room: Room = () => undefined,
): AsyncGenerator<Uint8Array> {
  const label = path === "-" ? "standard input" : path;
  yield* unpacked(path === "-" ? counted(process.stdin, onRead) : fileChunks(path, onRead, room), label);
}

/** The same for bytes from elsewhere. `label` is their name in messages. */
export async function* unpacked(source: AsyncIterable<Uint8Array>, label: string): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done === true) return;
  const all = rejoin(first.value, { [Symbol.asyncIterator]: () => chunks });
  const packing = packingOf(first.value);
  if (packing === undefined) yield* asUtf8(all, label);
  else if (packing.tool === undefined) yield* asUtf8(gunzipped(all, label), label);
  else yield* asUtf8(unpackedBy(packing.tool, packing.package, all, label), label);
}

/**
 * Text of UTF-16 (PowerShell's `2>`) becomes UTF-8, and a byte order mark is removed. Otherwise the first line, which
 * shows the program's start, would not look like a line of strace. Throws `file-unreadable` for archives.
 */
async function* asUtf8(chunks: AsyncGenerator<Uint8Array>, label: string): AsyncGenerator<Uint8Array> {
  const first = await chunks.next();
  if (first.done === true) return;
  const { value: head } = first;
  if (isArchive(head))
    throw new SeccompGenError({
      code: "file-unreadable",
      path: label,
      detail: "it is an archive (tar, zip)",
      todo: "Unpack it, and name the folder of its logs.",
    });
  const encoding = encodingOf(head);
  if (encoding === "utf-8") {
    yield startsWith(head, [0xef, 0xbb, 0xbf]) ? head.subarray(3) : head;
    yield* chunks;
    return;
  }
  const decoder = new TextDecoder(encoding);
  for await (const chunk of rejoin(head, chunks)) yield Buffer.from(decoder.decode(chunk, { stream: true }), "utf8");
  yield Buffer.from(decoder.decode(), "utf8");
}

/** Lines of strace begin with ASCII, so every other byte of UTF-16 is zero. */
function encodingOf([first, second, third, fourth]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if ((first === 0xff && second === 0xfe) || (second === 0 && fourth === 0 && first !== 0)) return "utf-16le";
  return (first === 0xfe && second === 0xff) || (first === 0 && third === 0 && second !== 0) ? "utf-16be" : "utf-8";
}

function startsWith(bytes: Uint8Array, expected: readonly number[], at = 0): boolean {
  return expected.every((byte, index) => bytes[at + index] === byte);
}

/**
 * Compression formats by their magic numbers. Node unpacks gzip (RFC 1952), and the system's own tools unpack the
 * others.
 */
const packings: readonly {
  readonly magic: readonly number[];
  readonly tool: string | undefined;
  readonly package: string;
}[] = [
  { magic: [0x1f, 0x8b], tool: undefined, package: "" },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], tool: "xz", package: "xz-utils" },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], tool: "zstd", package: "zstd" },
  { magic: [0x42, 0x5a, 0x68], tool: "bzip2", package: "bzip2" },
  { magic: [0x04, 0x22, 0x4d, 0x18], tool: "lz4", package: "lz4" },
  { magic: [0x5d, 0x00, 0x00], tool: "xz", package: "xz-utils" }, // .lzma
];

function packingOf(head: Uint8Array): (typeof packings)[number] | undefined {
  return packings.find(({ magic }) => startsWith(head, magic));
}

/** Archives hold several files: tar (POSIX ustar, GNU), zip, 7z. */
function isArchive(head: Uint8Array): boolean {
  return (
    startsWith(head, [0x75, 0x73, 0x74, 0x61, 0x72], 257) ||
    startsWith(head, [0x50, 0x4b, 0x03, 0x04]) ||
    startsWith(head, [0x37, 0x7a, 0xbc, 0xaf])
  );
}

/** Large enough that a read costs little, and small enough for the processor's cache. */
const chunkBytes = 256 * 1024;

/** After this many chunks of a file, signals and the progress line get a turn. */
const chunksInARow = 32;

/**
 * A pipe must be waited for. A file is there at once: reading it in another thread only costs the switching between
 * threads.
 */
function fileChunks(path: string, onRead: OnRead, room: Room): AsyncGenerator<Uint8Array, void, undefined> {
  return sizeOfFile(path) !== undefined ? readChunks(path, onRead, room) : awaitedChunks(path, onRead);
}

/** In bytes. `undefined` if there is no such file, or it is a pipe or a device. */
export function sizeOfFile(path: string): number | undefined {
  try {
    const found = statSync(path);
    return found.isFile() ? found.size : undefined;
  } catch {
    return undefined;
  }
}

async function* readChunks(path: string, onRead: OnRead, room: Room): AsyncGenerator<Uint8Array, void, undefined> {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    let buffer: Uint8Array = Buffer.allocUnsafeSlow(chunkBytes);
    let done = 0;
    for (let chunk = 1; ; chunk += 1) {
      const read = readSync(file, buffer, 0, buffer.length, done);
      if (read === 0) return;
      done += read;
      onRead(done, size);
      yield buffer.subarray(0, read);
      buffer = room() ?? buffer;
      if (chunk % chunksInARow === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    closeSync(file);
  }
}

async function* awaitedChunks(path: string, onRead: OnRead): AsyncGenerator<Uint8Array, void, undefined> {
  const { open } = await import("node:fs/promises");
  const handle = await open(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(chunkBytes);
    for (let done = 0; ;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      done += bytesRead;
      onRead(done, undefined);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onRead: OnRead,
): AsyncGenerator<Uint8Array, void, undefined> {
  let done = 0;
  for await (const chunk of source) {
    done += chunk.length;
    onRead(done, undefined);
    yield chunk;
  }
}

/** The first chunk, which was already looked at, and the chunks after it. */
export async function* rejoin(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* rest;
}

/** Copies chunks for a reader that reads ahead. */
async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield new Uint8Array(chunk);
}

async function* gunzipped(packed: AsyncIterable<Uint8Array>, label: string): AsyncGenerator<Uint8Array> {
  const [{ createGunzip }, { Readable, pipeline }] = await Promise.all([import("node:zlib"), import("node:stream")]);
  const unpacked = createGunzip();
  pipeline(Readable.from(copies(packed)), unpacked, () => undefined); // a failure reaches the reader of `unpacked`
  try {
    yield* unpacked as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw damaged(label, error instanceof Error ? error.message : String(error));
  }
}

/** `said`: the unpacker's words, one line or more. */
function damaged(label: string, said: string): SeccompGenError {
  const [line = ""] = said.trim().split("\n");
  return new SeccompGenError({
    code: "file-unreadable",
    path: label,
    detail: `it is cut off or damaged (${line})`,
    todo: "Fetch or pack the file again.",
  });
}

async function* unpackedBy(
  tool: string,
  debianPackage: string,
  packed: AsyncIterable<Uint8Array>,
  label: string,
): AsyncGenerator<Uint8Array> {
  const [{ execa }, { Readable, pipeline }] = await Promise.all([import("execa"), import("node:stream")]);
  const child = execa(tool, ["-dc"], {
    stdin: "pipe",
    stdout: "pipe",
    encoding: "buffer",
    buffer: { stdout: false, stderr: true },
    reject: false,
  });
  pipeline(Readable.from(copies(packed)), child.stdin, () => undefined); // the tool says what was wrong
  yield* child.stdout as AsyncIterable<Uint8Array>;
  const { code, exitCode, stderr } = await child;
  if (code === "ENOENT")
    throw new SeccompGenError({
      code: "file-unreadable",
      path: label,
      detail: `it is compressed, and ${tool} is not installed`,
      todo: `Install it (apt-get install ${debianPackage}), or unpack the file.`,
    });
  if (exitCode !== 0) throw damaged(label, Buffer.from(stderr).toString("utf8").trim() || `${tool} failed`);
}
