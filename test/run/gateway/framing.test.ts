import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bodyBytes,
  chunk,
  headBytes,
  rawBody,
  readHead,
  requestExtent,
  responseExtent,
  wholeBody,
  withLength,
} from "../../../src/run/gateway/framing.ts";
import { ByteReader } from "../../../src/run/gateway/reader.ts";

/** A reader of bytes that arrive in pieces. */
function readerOf(pieces: readonly (string | Buffer)[]): ByteReader {
  const stream = new PassThrough();
  for (const piece of pieces) stream.write(piece);
  stream.end();
  return new ByteReader(stream);
}

async function all(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}

test("a head is read whatever pieces it comes in, and given back as it was", async () => {
  const text =
    "POST /v1.41/containers/create?name=a HTTP/1.1\r\nHost: docker\r\nX-Odd:  two words " +
    "\r\nContent-Length: 2\r\n\r\n{}";
  for (let at = 1; at < text.length; at += 7) {
    const reader = readerOf([text.slice(0, at), text.slice(at)]);
    const head = await readHead(reader);
    expect(head?.start).toBe("POST /v1.41/containers/create?name=a HTTP/1.1");
    expect(head?.headers).toEqual([
      ["Host", "docker"],
      ["X-Odd", "two words"],
      ["Content-Length", "2"],
    ]);
    if (head === undefined) continue;
    expect(requestExtent(head)).toEqual({ kind: "length", length: 2 });
    expect((await wholeBody(reader, requestExtent(head))).toString()).toBe("{}");
    expect(headBytes(withLength(head, 5)).toString()).toContain("Content-Length: 5\r\n\r\n");
    expect(await readHead(reader)).toBeUndefined();
  }
});

test("chunks pass as they are, and give the same bytes, however they are cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      async (parts, cuts) => {
        const wire = Buffer.concat([
          ...parts.map(chunk),
          chunk(Buffer.alloc(0)),
          Buffer.from("GET / HTTP/1.1\r\n\r\n"),
        ]);
        const pieces: Buffer[] = [];
        for (let at = 0, turn = 0; at < wire.length; turn += 1) {
          const size = cuts[turn % cuts.length] ?? 1;
          pieces.push(wire.subarray(at, at + size));
          at += size;
        }
        const raw = readerOf(pieces);
        expect(await all(rawBody(raw, { kind: "chunked" }))).toEqual(wire.subarray(0, wire.length - 18));
        expect((await readHead(raw))?.start).toBe("GET / HTTP/1.1");
        expect(await all(bodyBytes(readerOf(pieces), { kind: "chunked" }))).toEqual(Buffer.concat(parts));
      },
    ),
    { numRuns: 60 },
  );
});

test.each([
  ["HTTP/1.1 204 No Content", "DELETE", { kind: "none" }],
  ["HTTP/1.1 200 OK", "HEAD", { kind: "none" }],
  ["HTTP/1.1 200 OK", "POST", { kind: "close" }],
  ["HTTP/1.1 101 UPGRADED", "POST", { kind: "none" }],
])("%s of %s ends %j", (start, method, extent) => {
  expect(responseExtent({ start, headers: [] }, method)).toEqual(extent);
});

test("what is no HTTP is an error, never passed on", async () => {
  await expect(readHead(readerOf(["nonsense\r\nmore nonsense\r\n\r\n"]))).rejects.toThrow("colon");
  await expect(wholeBody(readerOf(["zz\r\n"]), { kind: "chunked" })).rejects.toThrow("size");
  await expect(wholeBody(readerOf(["ab"]), { kind: "length", length: 3 })).rejects.toThrow("ended within");
  expect(() => requestExtent({ start: "", headers: [["Content-Length", "-1"]] })).toThrow("no number");
});
