import { expect, test } from "vitest";
import { heldMark, withoutHolder } from "../../../src/run/tracer/without-holder.ts";

const held =
  `\n${heldMark}\n1 openat(AT_FDCWD, "/gate") = 3\n1 execve("/usr/local/bin/app", ["app"]) = -1 ` +
  "ENOENT (No such file or directory)\n";
const first = '1 execve("/bin/app", ["app"], 0x1 /* 1 var */) = 0\n1 brk(NULL) = 0\n';
const second =
  '1 execve("/bin/app", ["app"], 0x1 /* 1 var */) = 0\n2 write(1, "seccomp-gen:held\\n", 17) = ' +
  "17\n2 exit(0) = ?\n";

async function filtered(text: string, size: number): Promise<string> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  let out = "";
  for await (const chunk of withoutHolder(chunks())) out += Buffer.from(chunk).toString();
  return out;
}

test.each([1, 7, 64, 10_000])(
  "the holder's calls are taken out, at each start, in chunks of %i bytes",
  async (size) => {
    expect(await filtered(held + first + held + second, size)).toBe(first + second);
    expect(await filtered(held, size)).toBe("");
    expect(await filtered(first + "2 read(0, ", size)).toBe(first + "2 read(0, ");
    expect(await filtered(`${held}${first}2 read(0, ${held}${second}`, size)).toBe(`${first}2 read(0, \n${second}`);
  },
);
