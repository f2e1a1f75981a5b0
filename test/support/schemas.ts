import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv } from "ajv";

const require = createRequire(import.meta.url);

/**
 * The last release candidate before 2.1.0, as SchemaStore has it. It is in draft 4. Its keywords, except `id`, mean the
 * same in later drafts.
 */
function sarifSchema(): object {
  const {
    $schema: _,
    id: __,
    ...schema
  } = JSON.parse(readFileSync(require.resolve("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"), "utf8")) as {
    $schema: string;
    id: string;
  };
  return schema;
}

/** docs.gitlab.com, "Code Quality report format": the members that each violation must have. */
const codeQuality = {
  type: "array",
  items: {
    type: "object",
    required: ["description", "check_name", "fingerprint", "location", "severity"],
    properties: {
      description: { type: "string", minLength: 1 },
      check_name: { type: "string", minLength: 1 },
      fingerprint: { type: "string", minLength: 1 },
      severity: { enum: ["info", "minor", "major", "critical", "blocker"] },
      // A path relative to the repository. It does not begin with ./
      location: {
        type: "object",
        required: ["path", "lines"],
        properties: {
          path: { type: "string", pattern: "^(?!\\./|/)." },
          lines: { type: "object", required: ["begin"], properties: { begin: { type: "integer", minimum: 1 } } },
        },
      },
    },
  },
};

const actions = [
  "SCMP_ACT_KILL",
  "SCMP_ACT_KILL_PROCESS",
  "SCMP_ACT_KILL_THREAD",
  "SCMP_ACT_TRAP",
  "SCMP_ACT_ERRNO",
  "SCMP_ACT_TRACE",
  "SCMP_ACT_ALLOW",
  "SCMP_ACT_LOG",
  "SCMP_ACT_NOTIFY",
];
const arches = [
  "NATIVE",
  "X86",
  "X86_64",
  "X32",
  "ARM",
  "AARCH64",
  "MIPS",
  "MIPS64",
  "MIPS64N32",
  "MIPSEL",
  "MIPSEL64",
  "MIPSEL64N32",
  "PPC",
  "PPC64",
  "PPC64LE",
  "S390",
  "S390X",
  "PARISC",
  "PARISC64",
  "RISCV64",
].map((name) => `SCMP_ARCH_${name}`);
const int64 = { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER };

/**
 * The types of the security-profiles-operator (api/seccompprofile/v1/seccompprofile_types.go and v1beta1's). The API
 * server removes unknown members, so there must be none.
 */
const seccompProfile = {
  type: "object",
  additionalProperties: false,
  required: ["apiVersion", "kind", "metadata", "spec"],
  properties: {
    apiVersion: { const: "security-profiles-operator.x-k8s.io/v1beta1" },
    kind: { const: "SeccompProfile" },
    metadata: {
      type: "object",
      required: ["name"],
      properties: { name: { type: "string", pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", maxLength: 63 } },
    },
    spec: {
      type: "object",
      additionalProperties: false,
      required: ["defaultAction"],
      properties: {
        defaultAction: { enum: actions },
        architectures: { type: "array", uniqueItems: true, items: { enum: arches } },
        syscalls: {
          type: "array",
          items: {
            type: "object",
            additionalProperties: false,
            required: ["names", "action"],
            properties: {
              names: { type: "array", minItems: 1, uniqueItems: true, items: { type: "string" } },
              action: { enum: actions },
              errnoRet: { type: "integer", minimum: 0, maximum: 0x7fff_ffff },
              args: {
                type: "array",
                maxItems: 6,
                items: {
                  type: "object",
                  additionalProperties: false,
                  required: ["index", "op"],
                  properties: {
                    index: { type: "integer", minimum: 0 },
                    value: int64,
                    valueTwo: int64,
                    op: { enum: ["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"].map((name) => `SCMP_CMP_${name}`) },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};

/**
 * A schema of docs/schemas/. It accepts members that it does not describe, because a later version may have them. Here
 * every printed member must be described.
 */
function published(name: string): object {
  const text = readFileSync(new URL(`../../docs/schemas/${name}.json`, import.meta.url), "utf8");
  return JSON.parse(text, (key, value: unknown) =>
    key !== "properties" && typeof value === "object" && value !== null && "properties" in value
      ? { additionalProperties: false, ...value }
      : value,
  ) as object;
}

const ajv = new Ajv({
  strict: false,
  unicodeRegExp: false,
  allErrors: true,
  formats: {
    "date-time": true,
    uri: (text) => URL.canParse(text),
    "uri-reference": /^(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/,
  },
});
ajv.addSchema(published("common"));

const validators = {
  sarif: ajv.compile(sarifSchema()),
  "code-quality": ajv.compile(codeQuality),
  "seccomp-profile": ajv.compile(seccompProfile),
  check: ajv.compile(published("check")),
  diff: ajv.compile(published("diff")),
  explain: ajv.compile(published("explain")),
  lint: ajv.compile(published("lint")),
  policy: ajv.compile(published("policy")),
  recording: ajv.compile(published("recording")),
  review: ajv.compile(published("review")),
};

/** The errors of a document under a consumer's schema. */
export function schemaErrors(schema: keyof typeof validators, document: unknown): readonly string[] {
  const validate = validators[schema];
  return validate(document)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ""}`);
}
