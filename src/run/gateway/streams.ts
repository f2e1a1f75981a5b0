import type { ByteReader } from "./reader.ts";

/**
 * Takes a stream of the engine apart. Without a terminal, a container's standard output and error come in frames, each
 * with a head of eight bytes (moby api, "Stream format").
 */
export async function* streamsOf(reader: ByteReader, onError: (text: string) => void): AsyncGenerator<Buffer> {
  let open: Buffer = Buffer.alloc(0);
  for (let bytes = await reader.next(); bytes !== undefined; bytes = await reader.next()) {
    open = open.length === 0 ? bytes : Buffer.concat([open, bytes]);
    while (open.length >= 8 && open.length >= 8 + open.readUInt32BE(4)) {
      const frame = open.subarray(8, 8 + open.readUInt32BE(4));
      if (open[0] === 2) onError(frame.toString("utf8"));
      else yield frame;
      open = open.subarray(8 + frame.length);
    }
  }
}
