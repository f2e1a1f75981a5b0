/** The numbers that this module and its caller exchange. fields.ts and result.ts have the same ones. */

// The place of each number of a line (see fields.ts).
export const atStart: usize = 0;
export const atLast: usize = 4;
export const atKind: usize = 8;
export const atName: usize = 12;
export const atPid: usize = 16;
export const atNumber: usize = 20;
export const atEvent: usize = 24;
export const atArgs: usize = 28;
export const atArgsEnd: usize = 32;
export const atResult: usize = 36;
export const atLine: usize = 40;
export const width: usize = 44;

// Kinds of lines: see fields.ts.
export const other: i32 = 0;
export const call: i32 = 1;
export const head: i32 = 2;
export const tail: i32 = 3;
export const news: i32 = 4;

// What the number of a result stands for: see `resultIn` in result.ts.
export const firstFailure: i32 = 4096;
export const otherValues: i32 = 8192;
