import { compileFilters, opcodes, type Filter, type Instruction } from "../seccomp/index.ts";
import { isBigEndian, type ScmpArch } from "../tables/index.ts";

/**
 * A program for `bwrap --seccomp FD` and seccomp(2): an array of `struct sock_filter` in the machine's byte order.
 * Throws RangeError if libseccomp would refuse the rules, or the kernel the length.
 */
export function emitBpf(filters: readonly Filter[]): Uint8Array {
  return encodeProgram(compileFilters(filters), filters[0]?.arch);
}

/** Instructions as an array of `struct sock_filter`, in the byte order of an architecture. */
export function encodeProgram(program: readonly Instruction[], arch: ScmpArch | undefined): Uint8Array {
  const little = arch === undefined || !isBigEndian(arch);
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  program.forEach(({ code, jt, jf, k }, at) => {
    bytes.setUint16(at * 8, code, little);
    bytes.setUint8(at * 8 + 2, jt);
    bytes.setUint8(at * 8 + 3, jf);
    bytes.setUint32(at * 8 + 4, k >>> 0, little);
  });
  return new Uint8Array(bytes.buffer);
}

/**
 * The same program for people, in the notation of bpf_asm (Documentation/networking/filter.rst). Targets are line
 * numbers. Throws RangeError like `emitBpf`.
 */
export function emitBpfText(filters: readonly Filter[]): string {
  return compileFilters(filters)
    .map((instruction, at) => `${at}: ${words(instruction, at)}\n`)
    .join("");
}

function words({ code, jt, jf, k }: Instruction, at: number): string {
  const number = `#0x${(k >>> 0).toString(16)}`;
  switch (code) {
    case opcodes.load:
      return `ld [${k}]`;
    case opcodes.and:
      return `and ${number}`;
    case opcodes.jump:
      return `ja ${at + 1 + k}`;
    case opcodes.ret:
      return `ret ${number}`;
    default:
      return (
        `${Object.entries(opcodes).find(([, known]) => known === code)?.[0] ?? "?"} ${number}, ` +
        `${at + 1 + jt}, ${at + 1 + jf}`
      );
  }
}
