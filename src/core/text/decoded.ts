/**
 * The text of a file's bytes: UTF-8, or UTF-16 after its byte order mark. YAML's readers take both, so this one does
 * too. The mark stays: engines refuse JSON that begins with one.
 */
export function decoded(bytes: Buffer): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return bytes.toString("utf16le");
  if (first === 0xfe && second === 0xff)
    return Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString("utf16le");
  return bytes.toString("utf8");
}
