/**
 * Lengths and operand fields of x86-64 instructions (Intel SDM volume 2, chapter 2 and appendix A; AMD64 manual volume
 * 3 for XOP). There are no mnemonics: the sweep and the lifter look only at the few opcodes that matter to them.
 */

/**
 * One decoded instruction. The object is reused for the next one. `op` is the opcode, with its map in the bits above:
 * 0x0xx one byte, 0x1xx after 0f, 0x2xx after 0f 38, 0x3xx after 0f 3a. Vector encodings (VEX, EVEX, XOP) add 0x1000.
 */
export interface Decoded {
  op: number;
  /** -1 if there is none. */
  modrm: number;
  /** Position of the ModRM byte. */
  modrmAt: number;
  rex: number;
  /** Operand size prefix 66. */
  narrow: boolean;
  /** The last of f2 and f3; 0 if there is none. */
  repeat: number;
  /** Position and size of the immediate. Size 0 if there is none. */
  immAt: number;
  immSize: number;
  length: number;
  /** Register in VEX.vvvv; 0 for other encodings. */
  vvvv: number;
  /** fs or gs: the memory operand is not an address of this object. */
  segment: boolean;
}

export function createDecoded(): Decoded {
  return {
    op: 0,
    modrm: -1,
    modrmAt: 0,
    rex: 0,
    narrow: false,
    repeat: 0,
    immAt: 0,
    immSize: 0,
    length: 0,
    vvvv: 0,
    segment: false,
  };
}

/**
 * What follows the opcode. The low nibble is the kind of immediate. Bit 4: a ModRM byte follows. Bit 5: the opcode is
 * not valid in 64-bit mode.
 */
const IMM = { none: 0, byte: 1, z: 2, v: 3, word: 4, enter: 5, offset: 6, group3b: 7, group3: 8, dword: 9 } as const;
const MODRM = 0x10;
const INVALID = 0x20;

const oneByte = fill([
  [0x00, 0x3f, INVALID],
  ...[0x00, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38].flatMap((row): Row[] => [
    [row, row + 3, MODRM],
    [row + 4, row + 4, IMM.byte],
    [row + 5, row + 5, IMM.z],
  ]),
  [0x60, 0x62, INVALID],
  [0x63, 0x63, MODRM],
  [0x68, 0x68, IMM.z],
  [0x69, 0x69, MODRM | IMM.z],
  [0x6a, 0x6a, IMM.byte],
  [0x6b, 0x6b, MODRM | IMM.byte],
  [0x70, 0x7f, IMM.byte],
  [0x80, 0x80, MODRM | IMM.byte],
  [0x81, 0x81, MODRM | IMM.z],
  [0x82, 0x82, INVALID],
  [0x83, 0x83, MODRM | IMM.byte],
  [0x84, 0x8f, MODRM],
  [0x9a, 0x9a, INVALID],
  [0xa0, 0xa3, IMM.offset],
  [0xa8, 0xa8, IMM.byte],
  [0xa9, 0xa9, IMM.z],
  [0xb0, 0xb7, IMM.byte],
  [0xb8, 0xbf, IMM.v],
  [0xc0, 0xc1, MODRM | IMM.byte],
  [0xc2, 0xc2, IMM.word],
  [0xc6, 0xc6, MODRM | IMM.byte],
  [0xc7, 0xc7, MODRM | IMM.z],
  [0xc8, 0xc8, IMM.enter],
  [0xca, 0xca, IMM.word],
  [0xcd, 0xcd, IMM.byte],
  [0xce, 0xce, INVALID],
  [0xd0, 0xd3, MODRM],
  [0xd4, 0xd6, INVALID],
  [0xd8, 0xdf, MODRM],
  [0xe0, 0xe7, IMM.byte],
  [0xe8, 0xe9, IMM.dword],
  [0xea, 0xea, INVALID],
  [0xeb, 0xeb, IMM.byte],
  [0xf6, 0xf6, MODRM | IMM.group3b],
  [0xf7, 0xf7, MODRM | IMM.group3],
  [0xfe, 0xff, MODRM],
]);

const twoByte = fill([
  [0x00, 0xff, MODRM],
  [0x04, 0x04, INVALID],
  [0x05, 0x09, 0],
  [0x0a, 0x0a, INVALID],
  [0x0b, 0x0b, 0],
  [0x0c, 0x0c, INVALID],
  [0x0e, 0x0e, 0],
  [0x0f, 0x0f, MODRM | IMM.byte],
  [0x24, 0x27, INVALID],
  [0x30, 0x35, 0],
  [0x36, 0x36, INVALID],
  [0x37, 0x37, 0],
  [0x38, 0x3f, INVALID],
  [0x70, 0x73, MODRM | IMM.byte],
  [0x77, 0x77, 0],
  [0x80, 0x8f, IMM.dword],
  [0xa0, 0xa2, 0],
  [0xa4, 0xa4, MODRM | IMM.byte],
  [0xa8, 0xaa, 0],
  [0xac, 0xac, MODRM | IMM.byte],
  [0xba, 0xba, MODRM | IMM.byte],
  [0xc2, 0xc2, MODRM | IMM.byte],
  [0xc4, 0xc6, MODRM | IMM.byte],
  [0xc8, 0xcf, 0],
]);

type Row = readonly [from: number, to: number, flags: number];

function fill(rows: readonly Row[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const [from, to, flags] of rows) table.fill(flags, from, to + 1);
  return table;
}

/**
 * Decodes the instruction at `at` into `into` and returns its length. Returns 0 if no valid instruction of at most 15
 * bytes ends before `end`.
 */
export function decode(bytes: Uint8Array, at: number, end: number, into: Decoded): number {
  let position = at;
  let rex = 0;
  into.narrow = false;
  into.repeat = 0;
  into.segment = false;
  let op = bytes[position] ?? 0;
  let short = false;
  prefixes: for (;;) {
    switch (op) {
      case 0x66:
        into.narrow = true;
        break;
      case 0x67:
        short = true;
        break;
      case 0xf2:
      case 0xf3:
        into.repeat = op;
        break;
      case 0x64:
      case 0x65:
        into.segment = true;
        break;
      case 0x26:
      case 0x2e:
      case 0x36:
      case 0x3e:
      case 0xf0:
        break;
      default:
        break prefixes;
    }
    position += 1;
    if (position - at > 14) return 0;
    op = bytes[position] ?? 0;
  }
  if ((op & 0xf0) === 0x40) {
    rex = op;
    position += 1;
    op = bytes[position] ?? 0;
  }
  into.rex = rex;
  let flags: number;
  if (op === 0x0f) {
    op = bytes[position + 1] ?? 0;
    position += 2;
    if (op === 0x38 || op === 0x3a) {
      flags = op === 0x38 ? MODRM : MODRM | IMM.byte;
      op = (op === 0x38 ? 0x200 : 0x300) | (bytes[position] ?? 0);
      position += 1;
    } else {
      flags = twoByte[op] ?? INVALID;
      op |= 0x100;
    }
  } else if (op === 0xc4 || op === 0xc5 || op === 0x62 || (op === 0x8f && ((bytes[position + 1] ?? 0) & 0x1f) >= 8)) {
    return finish(
      bytes,
      at,
      vectorOpcode(bytes, position, op, into),
      end,
      MODRM | vectorImmediate(into.op),
      short,
      into,
    );
  } else {
    flags = oneByte[op] ?? INVALID;
    position += 1;
  }
  into.op = op;
  return flags === INVALID ? 0 : finish(bytes, at, position, end, flags, short, into);
}

/** The parts after the opcode: ModRM, SIB, displacement, immediate. */
function finish(
  bytes: Uint8Array,
  at: number,
  start: number,
  end: number,
  flags: number,
  short: boolean,
  into: Decoded,
): number {
  let position = start;
  let modrm = -1;
  if ((flags & MODRM) !== 0 && into.op !== 0x1177) {
    modrm = bytes[position] ?? 0;
    into.modrmAt = position;
    position += 1;
    if (modrm < 0xc0) {
      const rm = modrm & 7;
      if (rm === 4) {
        if (modrm < 0x40 && ((bytes[position] ?? 0) & 7) === 5) position += 4;
        position += 1;
      } else if (rm === 5 && modrm < 0x40) position += 4;
      if (modrm >= 0x80) position += 4;
      else if (modrm >= 0x40) position += 1;
    }
  }
  into.modrm = modrm;
  const size = (flags & 0x0f) === 0 ? 0 : immediateSize(flags & 0x0f, modrm, short, into);
  into.immAt = position;
  into.immSize = size;
  position += size;
  const length = position - at;
  into.length = length;
  return length > 15 || position > end ? 0 : length;
}

function immediateSize(kind: number, modrm: number, short: boolean, into: Decoded): number {
  switch (kind) {
    case IMM.byte:
      return 1;
    case IMM.z:
      return into.narrow && (into.rex & 8) === 0 ? 2 : 4;
    case IMM.v:
      return (into.rex & 8) !== 0 ? 8 : into.narrow ? 2 : 4;
    case IMM.word:
      return 2;
    case IMM.enter:
      return 3;
    case IMM.offset:
      return short ? 4 : 8;
    case IMM.group3b:
      return (modrm & 0x38) < 0x10 ? 1 : 0;
    case IMM.group3:
      return (modrm & 0x38) >= 0x10 ? 0 : into.narrow && (into.rex & 8) === 0 ? 2 : 4;
    default:
      return 4;
  }
}

/** Reads a VEX, EVEX or XOP prefix. Sets `op`, `rex` and `vvvv`. Returns the position after the opcode. */
function vectorOpcode(bytes: Uint8Array, position: number, op: number, into: Decoded): number {
  const first = bytes[position + 1] ?? 0;
  if (op === 0xc5) {
    into.rex = (first & 0x80) === 0 ? 4 : 0;
    into.vvvv = ~(first >> 3) & 15;
    into.op = 0x1100 | (bytes[position + 2] ?? 0);
    return position + 3;
  }
  const second = bytes[position + 2] ?? 0;
  into.rex = (~(first >> 5) & 7) | ((second & 0x80) >> 4);
  into.vvvv = ~(second >> 3) & 15;
  if (op === 0x62) {
    into.op = 0x1000 | ((first & 7) << 8) | (bytes[position + 4] ?? 0);
    return position + 5;
  }
  into.op = 0x1000 | ((first & 0x1f) << 8) | (bytes[position + 3] ?? 0);
  return position + 4;
}

/**
 * In map 1 an opcode has an immediate if its legacy twin has one. In map 3 every opcode has one. In XOP's map 8 the
 * immediate has one byte, in map 10 four.
 */
function vectorImmediate(op: number): number {
  const map = (op >> 8) & 0x0f;
  const low = op & 0xff;
  if (map === 1) {
    return (low >= 0x70 && low <= 0x73) || low === 0xc2 || (low >= 0xc4 && low <= 0xc6) ? IMM.byte : IMM.none;
  }
  if (map === 3 || map === 8) return IMM.byte;
  return map === 10 ? IMM.dword : IMM.none;
}
