import type { ErrorObject, ValidateFunction } from "ajv";
import { validateProfile } from "./data/validate-profile.ts";
import type { Json } from "./types.ts";
import { pointerParts } from "./position.ts";
import { reject, type Origin } from "./reject.ts";
import { nearest } from "./suggestion.ts";

/** Compiled from schema.ts at build time. */
const validator = validateProfile as ValidateFunction;

/** Throws `profile-invalid` for the first member that does not match the schema. */
export function validate(document: Json, origin: Origin): void {
  if (validator(origin.place !== undefined || /\d{16}/.test(origin.text) ? ajvView(document) : document)) return;
  const [error] = [...(validator.errors ?? [])].sort((a, b) => depth(b) - depth(a));
  if (error !== undefined) reject(origin, pointerOf(error), explain(error, ajvView(document)));
}

/** ajv does not know bigint. Here a number stands in for it, and ajv checks only its range and type. */
function ajvView(value: Json): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(ajvView);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, ajvView(member)]));
  return value;
}

/** Deeper errors are nearer to the fault. An error of `anyOf` about a whole group says the least. */
function depth(error: ErrorObject): number {
  return error.instancePath.split("/").length * 2 + (error.keyword === "anyOf" ? 1 : 0);
}

function pointerOf(error: ErrorObject): string {
  return error.instancePath;
}

function explain(error: ErrorObject, document: unknown): { readonly detail: string; readonly todo: string } {
  const data = pointerParts(error.instancePath).reduce(
    (value, part) => (value as { readonly [member: string]: unknown })[part],
    document,
  );
  const found = `, not ${show(data)}`;
  switch (error.keyword) {
    case "enum": {
      const known = error.params["allowedValues"] as readonly string[];
      const near = typeof data === "string" ? nearest(data, known) : undefined;
      return {
        detail: `${show(data)} is not known`,
        todo: near === undefined ? `It has to be one of ${known.join(", ")}.` : `Did you mean ${near}?`,
      };
    }
    case "required":
      if (error.instancePath === "" && document !== null && typeof document === "object" && "runs" in document)
        return {
          detail: "this is a recording, but a profile is needed",
          todo: "Give the profile made from it: profiles/NAME.json, or what seccomp-gen generate writes.",
        };
      return {
        detail: `${String(error.params["missingProperty"])} is missing`,
        todo: `Add ${JSON.stringify(error.params["missingProperty"])}.`,
      };
    case "anyOf":
      return { detail: "a group without names", todo: 'Name its syscalls: "names": ["read", …].' };
    case "type":
      return {
        detail: `this has to be ${withArticle(String(error.params["type"]))}${found}`,
        todo:
          error.params["type"] === "integer"
            ? "Write it in plain digits, without quotes, point or exponent."
            : "Correct it, then run the command again.",
      };
    case "minimum":
    case "maximum":
      return {
        detail: `${show(data)} is out of range: it ${error.message ?? ""}`,
        todo: rangeTodo(error.instancePath),
      };
    case "pattern":
      return {
        detail: `${show(data)} is not a kernel version`,
        todo: 'Write version and major revision only, e.g. "4.8".',
      };
    default:
      return {
        detail: `this ${error.message ?? "is not valid"}${found}`,
        todo: "Correct it, then run the command again.",
      };
  }
}

function rangeTodo(pointer: string): string {
  if (pointer.endsWith("/index")) return "A call has six arguments, counted from 0 to 5.";
  if (/errno/i.test(pointer))
    return "Errnos are small: 1 is EPERM, 38 is ENOSYS. libseccomp accepts none " + "above 4094.";
  return "Arguments are unsigned. Write a negative value as its 64-bit two's complement.";
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function withArticle(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
