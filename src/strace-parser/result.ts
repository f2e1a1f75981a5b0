import type { SyscallResult } from "./types.ts";

/** A result with what strace says about it. */
export interface ReadResult {
  readonly result: SyscallResult;
  readonly injected: boolean;
}

const value = /^(-?(?:0x[0-9a-fA-F]+|\d+))/;
const restarts = new Set(["ERESTARTSYS", "ERESTARTNOINTR", "ERESTARTNOHAND", "ERESTART_RESTARTBLOCK"]);

/** Reads what stands after `= `: `3</path>`, `-1 ENOENT (No such file or directory)`, `? ERESTARTSYS (To be restarted)`, `?`; undefined: none of these. */
export function readResult(text: string): ReadResult | undefined {
  const injected = text.includes("(INJECTED)");
  if (text.startsWith("?")) {
    const errno = /^\? ([A-Z][A-Z0-9_]*)/.exec(text)?.[1];
    if (errno === undefined) return { result: { type: "none" }, injected };
    return { result: restarts.has(errno) ? { type: "restart", errno } : { type: "error", errno }, injected };
  }
  const failed = /^-1 (?:(E[A-Z0-9_]+|errno \d+)|\((errno \d+)\))/.exec(text);
  if (failed !== null) {
    const errno = failed[1] ?? failed[2] ?? "";
    return { result: restarts.has(errno) ? { type: "restart", errno } : { type: "error", errno }, injected };
  }
  const number = value.exec(text)?.[1];
  if (number === undefined) return undefined;
  const negative = number.startsWith("-");
  const digits = negative ? number.slice(1) : number;
  const magnitude = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  return { result: { type: "value", value: negative ? -magnitude : magnitude }, injected };
}
