import { codeSchema } from "./code.ts";
import { phases } from "./types.ts";

const strings = { type: "array", items: { type: "string" } } as const;
/** A version consists of digits and dots, so it cannot hold a file name or a line break. */
const version = { type: "string", pattern: "^[0-9]+(?:\\.[0-9]+)*$" } as const;
/** The type of lists of results, and of lists of process names. */
const words = { type: "array", items: { type: "string", maxLength: 400 }, maxItems: 4000 } as const;
const uint64 = { type: "integer", minimum: 0 } as const;

/** JSON Schema of recording.json, version 1. See types.ts for what the members mean. */
export const recordingSchema = {
  type: "object",
  required: ["version", "name", "runs", "syscalls"],
  additionalProperties: false,
  properties: {
    version: { const: 1 },
    name: { type: "string", minLength: 1 },
    code: codeSchema,
    runs: {
      type: "array",
      minItems: 1,
      maxItems: 4000,
      items: {
        type: "object",
        required: ["source", "command", "versions", "ended"],
        additionalProperties: false,
        properties: {
          source: { enum: ["container", "host", "log", "verify", "audit"] },
          command: strings,
          image: {
            type: "object",
            required: ["reference", "digest"],
            additionalProperties: false,
            properties: { reference: { type: "string" }, digest: { type: "string" } },
          },
          versions: {
            type: "object",
            additionalProperties: false,
            properties: {
              strace: version,
              engine: version,
              runtime: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._/-]*(?: [0-9]+(?:\\.[0-9]+)*)?$" },
              kernel: version,
              libseccomp: version,
            },
          },
          capabilities: strings,
          noNewPrivileges: { type: "boolean" },
          init: { const: true },
          lean: { const: true },
          withoutStart: { const: true },
          saw: { type: "string", pattern: "^[0-9a-f]{12}$" },
          ended: { enum: ["exited", "stopped", "cut"] },
        },
      },
    },
    syscalls: {
      type: "object",
      additionalProperties: {
        type: "object",
        maxProperties: 8192,
        propertyNames: { pattern: "^[A-Za-z0-9_#?]{1,64}$" },
        additionalProperties: {
          type: "object",
          required: ["calls", "results", "processes"],
          additionalProperties: false,
          properties: {
            calls: { type: "integer", minimum: 1 },
            results: words,
            processes: words,
            first: { enum: [...phases] },
            args: {
              type: "object",
              required: ["indices", "values"],
              additionalProperties: false,
              properties: {
                indices: { type: "array", maxItems: 6, items: { type: "integer", minimum: 0, maximum: 5 } },
                values: {
                  anyOf: [
                    { const: "many" },
                    {
                      type: "array",
                      maxItems: 4000,
                      items: { type: "array", maxItems: 6, items: { anyOf: [uint64, { type: "null" }] } },
                    },
                  ],
                },
                by: { type: "array", maxItems: 4000, items: words },
              },
            },
          },
        },
      },
    },
  },
} as const;
