import type { ValidateFunction } from "ajv";
import { isLosslessNumber, parse } from "lossless-json";
import { SeccompGenError } from "../errors/index.ts";
import { isScmpArch } from "../tables/index.ts";
import { validateRecording } from "./data/validate-recording.ts";
import { mergeRecordings } from "./recording.ts";
import { recordingVersion, type Recording } from "./types.ts";

/** Compiled from schema.ts at build time. */
const validate = validateRecording as ValidateFunction;

/**
 * Reads recording.json. Throws `recording-invalid` if it is no JSON or no recording, and `recording-newer` if its
 * format is newer.
 */
export function parseRecording(text: string, source: string): Recording {
  const invalid = (detail: string, cause?: unknown): SeccompGenError =>
    new SeccompGenError({ code: "recording-invalid", source, detail }, { cause });
  let plain: unknown;
  let exact: unknown;
  try {
    plain = JSON.parse(text);
    exact = parse(text);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error), error);
  }
  const version = typeof plain === "object" && plain !== null && "version" in plain ? plain.version : undefined;
  if (typeof version === "number" && version > recordingVersion)
    throw new SeccompGenError({ code: "recording-newer", source, version, known: recordingVersion });
  if (!validate(plain)) {
    const [first] = validate.errors ?? [];
    throw invalid(
      `${first?.instancePath === "" ? "the document" : first?.instancePath}: ` +
        `${first?.message ?? "not as the format says"}`,
    );
  }
  const recording = numbers(exact, [], invalid) as Recording;
  const unknown = Object.keys(recording.syscalls).find((arch) => !isScmpArch(arch));
  if (unknown !== undefined) throw invalid(`/syscalls: unknown architecture ${unknown}`);
  return mergeRecordings(recording, recording); // puts hand-edited order into the canonical order
}

/** Argument values stay exact (bigint). All other numbers of the format are small. */
function numbers(value: unknown, path: readonly string[], invalid: (detail: string) => SeccompGenError): unknown {
  if (isLosslessNumber(value))
    return path.at(-1) === "values" ? argumentValue(value.value, path, invalid) : Number(value.value);
  if (Array.isArray(value)) return value.map((item) => numbers(item, path, invalid));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, numbers(item, [...path, key], invalid)]));
}

function argumentValue(digits: string, path: readonly string[], invalid: (detail: string) => SeccompGenError): bigint {
  const value = /^\d{1,20}$/.test(digits) ? BigInt(digits) : undefined;
  if (value === undefined || BigInt.asUintN(64, value) !== value)
    throw invalid(`/${path.join("/")}: ${digits.slice(0, 40)} is not an unsigned 64-bit integer in plain digits`);
  return value;
}
