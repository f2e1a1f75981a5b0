import { describe, expect, test } from "vitest";
import { profileIn, profilesIn, withoutComments } from "../../../src/core/carrier/index.ts";
import { emitSecurityProfile } from "../../../src/core/emitter/index.ts";
import { SeccompGenError } from "../../../src/core/errors/index.ts";

const json = '{ "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{ "names": ["read"], "action": "SCMP_ACT_ALLOW" }] }';
const operator = `apiVersion: security-profiles-operator.x-k8s.io/v1beta1
kind: SeccompProfile
metadata: { name: web, namespace: prod }
spec:
  defaultAction: SCMP_ACT_ERRNO
  syscalls:
  - action: SCMP_ACT_ALLOW
    names: [clone]
    errnoRet: "1"
    args: [{ index: 0, value: 0x7E020000, valueTwo: 0, op: SCMP_CMP_MASKED_EQ }]
`;
const configMap = `apiVersion: v1
kind: ConfigMap
metadata: { name: profiles }
data:
  notes.txt: no profile
  db.json: |
    {
      "defaultAction": "SCMP_ACT_ERRNO",
      "syscalls": [ { "names": ["read", "wrte"], "action": "SCMP_ACT_ALLOW" } ]
    }
`;

const labels = async (text: string, source = "deploy.yaml"): Promise<readonly string[]> =>
  (await profilesIn(text, source)).map(({ label }) => label);
const indented = (text: string): string => text.replaceAll("\n", "\n  ").trimEnd();

async function refusal(text: string, source = "deploy.yaml"): Promise<string> {
  try {
    for (const { read } of await profilesIn(text, source)) read();
  } catch (error) {
    if (error instanceof SeccompGenError) return error.message;
    throw error;
  }
  return "none";
}

describe("which profiles a file holds", () => {
  test.each([
    ["JSON, whatever it is called", json, "seccomp", [""]],
    ["JSON in a .yaml", json, "deploy.yaml", [""]],
    ["a SeccompProfile", operator, "deploy.yaml", ["prod/web"]],
    ["a SeccompProfile in a file without an ending", operator, "deploy", ["prod/web"]],
    ["JSON in a ConfigMap", configMap, "deploy.yaml", ["profiles/db.json"]],
    ["several documents", `${operator}---\n${configMap}`, "deploy.yaml", ["prod/web", "profiles/db.json"]],
    ["two of the same name", `${operator}---\n${operator}`, "deploy.yaml", ["prod/web", "prod/web~2"]],
    ["a List", `kind: List\nitems:\n- ${indented(operator)}`, "deploy.yaml", ["prod/web"]],
    [
      "base64 in a ConfigMap",
      `kind: ConfigMap\nmetadata: { name: p }\nbinaryData: { a: ${Buffer.from(json).toString("base64")} }`,
      "deploy.yaml",
      ["p/a"],
    ],
    ["a profile written as YAML", "defaultAction: SCMP_ACT_ALLOW\nsyscalls: []", "deploy.yaml", [""]],
    [
      "a profile in values of a chart",
      "web:\n  seccomp:\n    DefaultAction: SCMP_ACT_ALLOW",
      "values.yaml",
      ["/web/seccomp"],
    ],
    ["a profile in a string of a chart", `files:\n  - content: '${json}'`, "values.yaml", ["files/0/content"]],
    [
      "a profile behind a merge key",
      "x: &x { defaultAction: SCMP_ACT_LOG }\ny: { <<: *x, syscalls: [] }",
      "v.yaml",
      ["/x", "/y"],
    ],
    ["a key written with escapes", '"\\x64efaultAction": SCMP_ACT_ALLOW', "v.yaml", [""]],
    ["none", "services: { web: { image: nginx } }", "compose.yaml", []],
  ])("%s", async (_, text, source, expected) => {
    expect(await labels(text, source)).toEqual(expected);
  });

  test("our own SeccompProfile is read back", async () => {
    const { read } = await profileIn(json, "a.json");
    const text = emitSecurityProfile({ profile: read(), arches: ["SCMP_ARCH_X86_64"], name: "web", file: "a.json" });
    expect((await profileIn(text, "web.yaml")).read()).toEqual({ ...read(), architectures: ["SCMP_ARCH_X86_64"] });
  });
});

describe("what consumers read", () => {
  test("numbers of YAML 1.1, errnos as texts, and the members that Kubernetes drops", async () => {
    const { read } = await profileIn(
      operator.replace("names: [clone]", "names: [clone]\n    includes: { caps: [CAP_SYS_ADMIN] }\n    Errnoret: 38"),
      "deploy.yaml",
    );
    expect(read()).toEqual({
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [
        {
          names: ["clone"],
          action: "SCMP_ACT_ALLOW",
          errnoRet: 1,
          args: [{ index: 0, value: 0x7e020000n, valueTwo: 0n, op: "SCMP_CMP_MASKED_EQ" }],
        },
      ],
      unknownMembers: [
        { pointer: "/syscalls/0/includes", name: "includes", meant: undefined },
        { pointer: "/syscalls/0/Errnoret", name: "Errnoret", meant: undefined },
      ],
    });
  });

  test("integers keep 64 bits, octal ones count as go-yaml counts them", async () => {
    const { read } = await profileIn(
      operator.replace("0x7E020000, valueTwo: 0", "18446744073709551615, valueTwo: 0777"),
      "deploy.yaml",
    );
    expect(read().syscalls[0]?.args?.[0]).toMatchObject({ value: 18446744073709551615n, valueTwo: 0o777n });
  });

  test("a profile on top of another one says so", async () => {
    const text = operator.replace("  defaultAction", "  baseProfileName: runc-v1.2\n  defaultAction");
    expect((await profileIn(text, "deploy.yaml")).read()).toMatchObject({ baseProfileName: "runc-v1.2" });
  });

  test("a SeccompProfile whose default action is spelt in another case has none, unlike Docker's JSON", async () => {
    expect(await refusal(operator.replace("defaultAction", "DefaultAction"))).toMatch(
      /^deploy\.yaml:5:3: \/: defaultAction is missing$/,
    );
  });

  test("a JSON document is always read as Docker reads it: wrapped, it is no filter at all", async () => {
    expect((await profileIn(`{"kind":"SeccompProfile","spec":${json}}`, "a.yaml")).read().noFilter?.kind).toBe(
      "wrapped",
    );
  });
});

describe("places", () => {
  test("are lines of the file, in YAML and in JSON within it", async () => {
    const [web, db] = await profilesIn(`${operator}---\n${configMap}`, "deploy.yaml");
    expect(web?.place("/syscalls/0/args/0/value")).toEqual({ line: 10, column: 31 });
    expect(db?.place("/syscalls/0/names/1")).toEqual({ line: 20, column: 41 });
  });

  test("stay where they were without comments", () => {
    const text = '// a "quoted" word\n{ "a": [1, 2, /* three, */ ], "b": "// no comment", }\n';
    const json = withoutComments(text);
    expect(json).toHaveLength(text.length);
    expect(JSON.parse(json)).toEqual({ a: [1, 2], b: "// no comment" });
    expect(json.indexOf('"b"')).toBe(text.indexOf('"b"'));
  });
});

describe("one of several", () => {
  test("is named, or the names are told", async () => {
    const text = `${operator}---\n${configMap}`;
    expect((await profileIn(text, "d.yaml", "profiles/db.json")).read().syscalls[0]?.names).toEqual(["read", "wrte"]);
    await expect(profileIn(text, "d.yaml")).rejects.toThrow("d.yaml holds 2 profiles: prod/web, profiles/db.json");
    await expect(profileIn(text, "d.yaml", "x")).rejects.toThrow("d.yaml holds no profile x, but prod/web");
    await expect(profileIn("a: b", "d.yaml")).rejects.toThrow("d.yaml holds no profile");
  });
});

/** Each is refused in bounded time. The numbers make a text that fits into a pull request. */
describe("YAML made to keep its reader busy is refused", { timeout: 60_000 }, () => {
  const laughs = Array.from({ length: 12 }, (_, at) =>
    at === 0 ? "a0: &a0 [x, x, x, x, x, x, x, x, x]" : `a${at}: &a${at} [${`*a${at - 1}, `.repeat(9)}]`,
  ).join("\n");
  test.each([
    ["aliases that multiply", `${laughs}\nx: { defaultAction: *a11 }`, /it has more than 100000 values/],
    ["an alias of its own anchor", "x: &x { defaultAction: a, y: *x }", /nested too deeply/],
    ["brackets", `x: ${"[".repeat(100_000)}`, /nested too deeply/],
    ["dashes", `${"- ".repeat(20_000)}x`, /its YAML cannot be read/],
    ["question marks", `${"? ".repeat(20_000)}x`, /nested too deeply|cannot be read/],
    ["indents", Array.from({ length: 1200 }, (_, at) => `${" ".repeat(at)}a:`).join("\n"), /its YAML cannot be read/],
    ["size", `x: ${"y".repeat(1_500_000)}`, /more than 1048576 characters/],
    [
      "an alias without an anchor",
      "x: { defaultAction: *nothing }",
      /1:21: its YAML cannot be read: no anchor nothing/,
    ],
    [
      "a key twice",
      "defaultAction: SCMP_ACT_ALLOW\ndefaultAction: SCMP_ACT_ERRNO",
      /"defaultAction" is given twice in one map/,
    ],
    ["a template", "x: {{ .Values.a }}\n{{ if }}", /its YAML cannot be read/],
    ["many aliases of one anchor", `x: &x [1]\ny: [${"*x, ".repeat(30_000)}]`, /none/],
    ["many anchors", Array.from({ length: 20_000 }, (_, at) => `k${at}: &k${at} 1`).join("\n"), /none/],
  ])("%s", async (_, text, expected) => {
    const started = performance.now();
    expect(await refusal(text)).toMatch(expected);
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});
