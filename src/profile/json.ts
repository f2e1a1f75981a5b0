import { parse } from "lossless-json";
import { SeccompGenError } from "../errors.ts";
import { positionAt } from "./position.ts";

/** What JSON holds, integers beyond 2^53 as bigint. Members that are null are left out: Go's decoder skips them. */
export type Json = string | number | bigint | boolean | undefined | readonly Json[] | { readonly [name: string]: Json };

/** Parses JSON without losing digits. Throws `profile-json` with line and column. */
export function parseJson(text: string, source: string): Json {
  const body = text.replace(/^\uFEFF/, "");
  try {
    return withoutNulls(parse(body, undefined, { parseNumber: exactNumber }));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const offset = Number(/position (\d+)/.exec(error.message)?.[1] ?? body.length);
    const { line, column } = positionAt(body, offset);
    throw new SeccompGenError({ code: "profile-json", source, line, column, detail: error.message.replace(/ (at|\(at)? ?position \d+\)?.*/, "") }, { cause: error });
  }
}

function exactNumber(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(digits) ? number : BigInt(digits);
}

function withoutNulls(value: unknown): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).flatMap(([name, member]) => (member === null ? [] : [[name, withoutNulls(member)]])));
  }
  return value === null ? undefined : (value as Json);
}
