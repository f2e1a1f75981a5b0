import type { SyscallResult } from "./types.ts";

/** A result with what strace says about it. */
export interface ReadResult {
  readonly result: SyscallResult;
  readonly injected: boolean;
}

const value = /^(-?(?:0x[0-9a-fA-F]{1,16}|\d{1,22}))(?![0-9a-zA-Z])/;
const failed = /^-1 (?:(E[A-Z0-9_]+|errno \d+)|\((errno \d+)\))/;
const question = /^\?(?: ([A-Z][A-Z0-9_]*| <unavailable>)| *(?:$|[(<]))/;
const restarts = new Set(["ERESTARTSYS", "ERESTARTNOINTR", "ERESTARTNOHAND", "ERESTART_RESTARTBLOCK"]);

const small: readonly SyscallResult[] = Array.from({ length: 64 }, (_, value) => ({ type: "value", value: BigInt(value) }));
const none: SyscallResult = { type: "none" };

/** Reads what stands after `= `: `3</path>`, `-1 ENOENT (No such file or directory)`, `? ERESTARTSYS (To be restarted)`, `?`; undefined: none of these. */
export function readResult(text: string): ReadResult | undefined {
  if (text.length < 3) {
    const number = Number(text);
    const known = text !== "" && !text.startsWith(" ") ? small[number] : undefined;
    if (known !== undefined) return { result: known, injected: false };
  }
  const injected = text.includes("(INJECTED");
  if (text.startsWith("?")) {
    const errno = question.exec(text);
    if (errno === null && !text.startsWith("? ")) return undefined;
    const name = errno?.[1];
    if (name === undefined || name.startsWith(" ")) return { result: none, injected };
    return { result: restarts.has(name) ? { type: "restart", errno: name } : { type: "error", errno: name }, injected };
  }
  const error = failed.exec(text);
  if (error !== null) {
    const errno = error[1] ?? error[2] ?? "";
    return { result: restarts.has(errno) ? { type: "restart", errno } : { type: "error", errno }, injected };
  }
  const number = value.exec(text)?.[1];
  if (number === undefined) return undefined;
  const negative = number.startsWith("-");
  const digits = negative ? number.slice(1) : number;
  const magnitude = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  return { result: { type: "value", value: negative ? -magnitude : magnitude }, injected };
}
