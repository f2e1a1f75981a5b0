import fc from "fast-check";
import { expect, test } from "vitest";
import { sayingsOf } from "../../../src/run/keeper/frames.ts";
import { Trace } from "../../../src/run/keeper/trace.ts";
import { withoutHeld } from "../../../src/run/keeper/without-held.ts";

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test("the keeper's sayings are read whole, however they are cut", async () => {
  const said = Buffer.from(
    "ready 6.1\nhello 1 77 0a-main 1 00000000a80425fb 1\ndata 1 8\nabc\nd\nefend 1 exited 0 8\nnonsense\nfull\n",
  );
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: said.length }), async (size) => {
      const sayings = [];
      for await (const saying of sayingsOf(pieces(said, size))) sayings.push(saying);
      expect(sayings).toEqual([
        { kind: "ready", strace: "6.1" },
        {
          kind: "hello",
          number: 1,
          token: "0a-main",
          inContainer: 1,
          capabilities: 0xa80425fbn,
          noNewPrivileges: true,
        },
        { kind: "data", number: 1, bytes: Buffer.from("abc\nd\nef") },
        { kind: "end", number: 1, how: "exited", code: 0, length: 8 },
        { kind: "full" },
      ]);
    }),
  );
});

test("the holder's own calls are not the program's", async () => {
  const trace =
    '7 [ 45] recvfrom(3, "g", 1, 0, NULL, NULL) = 1\n7 [ 59] execve("/a", ["a"], 0x1 /* 3 vars */) = ' +
    "0\n7 [ 12] brk(NULL) = 0x1\n";
  for (let size = 1; size < trace.length; size += 9) {
    let left = "";
    for await (const chunk of withoutHeld(pieces(Buffer.from(trace), size))) left += Buffer.from(chunk).toString();
    expect(left).toBe(trace.slice(trace.indexOf("7 [ 59]")));
  }
  for await (const chunk of withoutHeld(
    pieces(Buffer.from('7 execve("/a") = -1 ENOENT (No such file)\n7 exit_group(127) = ?\n'), 5),
  )) {
    expect.unreachable(Buffer.from(chunk).toString());
  }
});

test("a trace is whole only if strace saw its end and every byte of it arrived", async () => {
  const ended = async (...sayings: readonly Parameters<Trace["hear"]>[0][]): Promise<unknown> => {
    const trace = new Trace(() => undefined);
    for (const saying of sayings) trace.hear(saying);
    return trace.end;
  };
  const data = { kind: "data", number: 1, bytes: Buffer.from("12345") } as const;
  const end = { kind: "end", number: 1, how: "exited", code: 0, length: 5 } as const;
  expect(await ended(data, end)).toEqual({ kind: "complete" });
  expect(await ended(data, { ...end, length: 6 })).toMatchObject({
    kind: "broken",
    why: "strace wrote 6 bytes, but only 5 arrived",
  });
  expect(await ended(data, { ...end, how: "killed", code: 9 })).toMatchObject({
    kind: "broken",
    why: "strace ended before the workload did (signal 9)",
  });
  expect(await ended({ kind: "failed", number: 1 }, { ...end, length: 0 })).toMatchObject({ kind: "broken" });
  // It was killed while it was held, so strace found nothing to trace.
  expect(await ended({ kind: "gone", number: 1 }, { ...end, code: 1, length: 0 })).toEqual({ kind: "complete" });
  expect(await ended(data, { kind: "let", number: 1 }, { ...end, how: "killed", code: 9 })).toMatchObject({
    kind: "crashed",
  });
});
