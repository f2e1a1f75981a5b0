import type { ByteReader } from "./reader.ts";

/**
 * HTTP/1.1 as it is on the wire (RFC 9112): a head, and the end of the body after it. Node's own client and server are
 * not used. They parse and rewrite what must pass byte for byte, and they drop a connection that was hijacked without
 * an upgrade.
 */
export interface Head {
  /** `POST /v1.41/containers/create HTTP/1.1`, `HTTP/1.1 201 Created`. */
  readonly start: string;
  /** Names as they were written, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Where a body ends. */
export type Extent =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  /** At the end of the connection. */
  | { readonly kind: "close" };

/** Thrown for bytes that are no HTTP, or for a head larger than any client of an engine would send. */
export class FramingError extends Error {
  override readonly name = "FramingError";
}

const maxHead = 1 << 20;
const headEnd = Buffer.from("\r\n\r\n");

/** Reads a head. `undefined` if the connection ends before one begins. */
export async function readHead(reader: ByteReader): Promise<Head | undefined> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    const at = bytes.indexOf(headEnd);
    if (at >= 0) {
      reader.unread(bytes.subarray(at + headEnd.length));
      return parseHead(bytes.toString("latin1", 0, at));
    }
    if (bytes.length > maxHead) throw new FramingError("a head without an end");
    const more = await reader.next();
    if (more === undefined) {
      if (bytes.length === 0) return undefined;
      throw new FramingError("the connection ended within a head");
    }
    bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more]);
    // Empty lines before a request are ignored (RFC 9112, 2.2).
    while (bytes[0] === 0x0d && bytes[1] === 0x0a) bytes = bytes.subarray(2);
  }
}

function parseHead(text: string): Head {
  const [start = "", ...lines] = text.split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    if (colon <= 0) throw new FramingError("a header without a colon");
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  return { start, headers };
}

export function headBytes({ start, headers }: Head): Buffer {
  return Buffer.from([start, ...headers.map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n"), "latin1");
}

/** A header's value, in lower case. The empty string if there is none. */
export function header(head: Head, name: string): string {
  return head.headers.find(([known]) => known.toLowerCase() === name)?.[1].toLowerCase() ?? "";
}

/** The head without the headers named `without`, and with `added`. */
export function withHeaders(head: Head, without: readonly string[], added: Head["headers"] = []): Head {
  return {
    start: head.start,
    headers: [...head.headers.filter(([name]) => !without.includes(name.toLowerCase())), ...added],
  };
}

/** The same head for a body of this length. */
export function withLength(head: Head, length: number): Head {
  return withHeaders(
    head,
    ["content-length", "transfer-encoding", "expect", "trailer"],
    [["Content-Length", `${length}`]],
  );
}

export function requestExtent(head: Head): Extent {
  return framedExtent(head) ?? { kind: "none" };
}

/** RFC 9112, 6.3: a response without a length ends with its connection. */
export function responseExtent(head: Head, method: string): Extent {
  const status = statusOf(head);
  if (method === "HEAD" || (status >= 100 && status < 200) || status === 204 || status === 304) return { kind: "none" };
  return framedExtent(head) ?? { kind: "close" };
}

function framedExtent(head: Head): Extent | undefined {
  const coding = header(head, "transfer-encoding");
  if (coding !== "") {
    if (coding !== "chunked") throw new FramingError("a transfer coding that no engine uses");
    return { kind: "chunked" };
  }
  const length = header(head, "content-length");
  if (length === "") return undefined;
  if (!/^\d{1,15}$/.test(length)) throw new FramingError("a length that is no number");
  return { kind: "length", length: Number(length) };
}

export function statusOf(head: Head): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(head.start)?.[1] ?? Number.NaN);
}

/** The bytes of a body as they are on the wire, including the marks of its chunks. */
export async function* rawBody(reader: ByteReader, extent: Extent): AsyncGenerator<Buffer> {
  if (extent.kind === "close") {
    for (let bytes = await reader.next(); bytes !== undefined; bytes = await reader.next()) yield bytes;
  } else if (extent.kind === "length") {
    yield* exactly(reader, extent.length);
  } else if (extent.kind === "chunked") {
    for (;;) {
      const { line, size } = await chunkLine(reader);
      yield line;
      if (size === 0) break;
      yield* exactly(reader, size + 2);
    }
    yield* trailers(reader);
  }
}

/** A body's own bytes. */
export async function* bodyBytes(reader: ByteReader, extent: Extent): AsyncGenerator<Buffer> {
  if (extent.kind !== "chunked") return yield* rawBody(reader, extent);
  for (;;) {
    const { size } = await chunkLine(reader);
    if (size === 0) break;
    yield* exactly(reader, size);
    for await (const _ of exactly(reader, 2));
  }
  for await (const _ of trailers(reader));
}

const maxDocument = 64 << 20;

/** A whole body, for a reader that needs a document. */
export async function wholeBody(reader: ByteReader, extent: Extent): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of bodyBytes(reader, extent)) {
    length += part.length;
    if (length > maxDocument) throw new FramingError("a document larger than 64 MiB");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** One chunk of a chunked body. An empty chunk ends the body. */
export function chunk(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}

/** Lines with their ends. The last line may have none. */
export async function* eachLine(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let open: Buffer = Buffer.alloc(0);
  for await (const part of bytes) {
    open = Buffer.concat([open, part]);
    for (let end = open.indexOf(0x0a); end >= 0; end = open.indexOf(0x0a)) {
      yield open.toString("utf8", 0, end + 1);
      open = open.subarray(end + 1);
    }
  }
  if (open.length > 0) yield open.toString("utf8");
}

async function* exactly(reader: ByteReader, length: number): AsyncGenerator<Buffer> {
  for (let left = length; left > 0;) {
    const bytes = await reader.next();
    if (bytes === undefined) throw new FramingError("the connection ended within a body");
    const part = bytes.subarray(0, left);
    reader.unread(bytes.subarray(part.length));
    left -= part.length;
    yield part;
  }
}

/** `1a;extension` CR LF (RFC 9112, 7.1). */
async function chunkLine(reader: ByteReader): Promise<{ readonly line: Buffer; readonly size: number }> {
  const line = await readLine(reader);
  const digits = /^[0-9a-f]{1,12}(?=[\s;]|$)/i.exec(line.toString("latin1"))?.[0];
  if (digits === undefined) throw new FramingError("a chunk without a size");
  return { line, size: Number.parseInt(digits, 16) };
}

async function* trailers(reader: ByteReader): AsyncGenerator<Buffer> {
  for (;;) {
    const line = await readLine(reader);
    yield line;
    if (line.length === 2) return;
  }
}

const maxLine = 1 << 16;

async function readLine(reader: ByteReader): Promise<Buffer> {
  let line: Buffer = Buffer.alloc(0);
  for (;;) {
    const bytes = await reader.next();
    if (bytes === undefined) throw new FramingError("the connection ended within a chunk's size");
    line = Buffer.concat([line, bytes]);
    const end = line.indexOf("\r\n");
    if (end >= 0) {
      reader.unread(line.subarray(end + 2));
      return line.subarray(0, end + 2);
    }
    if (line.length > maxLine) throw new FramingError("a line without an end");
  }
}
