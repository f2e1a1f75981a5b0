import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { exportProfile } from "../../src/commands/export.ts";
import { ineffectiveFor, lintProfile } from "../../src/core/lint/index.ts";
import { checkRecording } from "../../src/core/check/index.ts";
import { compareProfiles } from "../../src/core/diff/index.ts";
import { explain } from "../../src/core/explain/index.ts";
import { readProfile, resolve } from "../../src/core/profile/index.ts";
import { parseRecording } from "../../src/core/recording/index.ts";
import { loadDockerDefault } from "../../src/project/index.ts";
import { renderCheck, renderDiff, renderExplanation, renderLint } from "../../src/words/index.ts";
import { defaultCapabilities, newestDockerDefault } from "../../src/core/tables/index.ts";
import type { Terminal } from "../../src/project/terminal/terminal.ts";
import { schemaErrors } from "../support/schemas.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const host = {
  arch: "SCMP_ARCH_X86_64",
  capabilities: new Set(defaultCapabilities),
  kernel: undefined,
  runtime: "runc",
} as const;
const defaults = {
  output: undefined,
  widen: false,
  capAdd: [],
  capDrop: [],
  arch: "amd64",
  kernel: undefined,
  runtime: "runc",
} as const;

describe("what others read is as their schemas say", () => {
  test.each(["profiles/docker-default/29.4.3.json", "profiles/docker-default/1.11.0.json"])(
    "SARIF of lint's findings: %s",
    async (path) => {
      const ceiling = resolve(await loadDockerDefault(newestDockerDefault), host).filters;
      const findings = lintProfile(readProfile(readFileSync(root + path, "utf8"), path), {
        host,
        ceiling,
        ceilingName: "Docker's default",
      });
      expect(findings.length).toBeGreaterThan(5);
      const placed = findings.map((finding, at) => ({
        ...finding,
        file: `./a b/ü"%[${at}].json`,
        line: 1 + at,
        column: 1,
      }));
      expect(
        schemaErrors(
          "sarif",
          JSON.parse(renderLint(placed, { format: "sarif", color: false, width: 80, version: "1.0.0" })),
        ),
      ).toEqual([]);
    },
  );

  test.each(["profiles/nginx.json", "profiles/docker-default/29.4.3.json", "profiles/docker-default/1.11.0.json"])(
    "what lint, diff, explain and check print as JSON: %s",
    async (path) => {
      const profile = readProfile(readFileSync(root + path, "utf8"), path);
      const newest = await loadDockerDefault(newestDockerDefault);
      const [filters, ceiling] = [resolve(profile, host).filters, resolve(newest, host).filters];
      const recording = parseRecording(readFileSync(`${root}traces/nginx/recording.json`, "utf8"), "recording");
      const findings = lintProfile(profile, { host, ceiling, ceilingName: "Docker's default" });
      const explanation = explain({
        profile: path,
        filters,
        ceiling,
        ceilingName: "Docker's default",
        findings: ineffectiveFor(profile, [host]),
        capabilities: host.capabilities,
        runs: recording.runs,
        recorded: recording.syscalls,
      });
      const view = { format: "json", color: false, width: 80 } as const;
      const documents = {
        lint: renderLint(
          findings.map((finding) => ({ ...finding, file: path, line: 1, column: 1 })),
          { ...view, version: "1.0.0" },
        ),
        diff: renderDiff(compareProfiles(profile, newest, [host], { ceiling: newest }), {
          ...view,
          before: "a",
          after: "b",
        }),
        explain: renderExplanation(explanation, undefined, view),
        check: renderCheck(checkRecording(recording, filters), { ...view, profile: path }),
      };
      for (const [name, text] of Object.entries(documents))
        expect([name, ...schemaErrors(name as keyof typeof documents, JSON.parse(text))]).toEqual([name]);
    },
  );

  test("what a project keeps, and what the check prints of calls that are denied", () => {
    for (const name of ["nginx", "redis"])
      expect(
        schemaErrors("recording", JSON.parse(readFileSync(`${root}traces/${name}/recording.json`, "utf8"))),
      ).toEqual([]);
    expect(schemaErrors("policy", { allow: ["flock"], args: "strict" })).toEqual([]);
    const recording = parseRecording(readFileSync(`${root}traces/nginx/recording.json`, "utf8"), "recording");
    const nothing = readProfile('{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": []}', "x");
    const text = renderCheck(checkRecording(recording, resolve(nothing, host).filters), {
      format: "json",
      color: false,
      width: 80,
      profile: "x",
    });
    expect((JSON.parse(text) as { findings: object[] }).findings.length).toBeGreaterThan(50);
    expect(schemaErrors("check", JSON.parse(text))).toEqual([]);
  });

  test("a schema that finds nothing wrong would be none", () => {
    expect(schemaErrors("lint", { version: 2, findings: [{ kind: 1 }] }).length).toBeGreaterThan(5);
    expect(schemaErrors("lint", { version: 1, findings: [], more: 1 })).toHaveLength(1);
    expect(schemaErrors("review", { version: 1, profiles: [{ path: "x", state: {} }] }).length).toBeGreaterThan(5);

    expect(
      schemaErrors("sarif", { version: "2.1.0", runs: [{ tool: { driver: {} }, results: [{ level: "fatal" }] }] })
        .length,
    ).toBeGreaterThan(2);
    expect(schemaErrors("code-quality", [{ description: "x", location: { path: "./a" } }]).length).toBeGreaterThan(2);
    expect(
      schemaErrors("seccomp-profile", { kind: "SeccompProfile", spec: { syscalls: [{ names: [], action: "ALLOW" }] } })
        .length,
    ).toBeGreaterThan(2);
  });

  async function exported(path: string): Promise<unknown> {
    let out = "";
    const terminal: Terminal = {
      out: (text) => (out += text),
      note: () => undefined,
      status: undefined,
      color: false,
      width: 80,
      interrupted: new AbortController().signal,
    };
    await exportProfile(path, { ...defaults, format: "security-profile" }, terminal);
    return parse(out) as unknown;
  }

  test("what the API server refuses is refused before", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "seccomp-gen-spo-")), "p.json");
    writeFileSync(
      file,
      '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["personality"], "action": ' +
        '"SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 18446744073709549568, "valueTwo": 0, "op": ' +
        '"SCMP_CMP_MASKED_EQ"}]}]}',
    );
    await expect(exported(file)).rejects.toThrow(
      /personality is compared with 18446744073709549568, and Kubernetes accepts integers up to/,
    );
  });

  test.each(["profiles/nginx.json", "profiles/redis.json", "profiles/docker-default/29.4.3.json"])(
    "a SeccompProfile: %s",
    async (path) => {
      const document = await exported(root + path);
      expect(schemaErrors("seccomp-profile", document)).toEqual([]);
      // The operator reads the whole profile except the default errno.
      const [own, theirs] = [
        readProfile(readFileSync(root + path, "utf8"), path),
        readProfile(JSON.stringify((document as { readonly spec: unknown }).spec), "exported"),
      ].map((profile) => resolve({ ...profile, defaultErrnoRet: 1 }, host).filters.get(host.arch));
      expect([...(theirs?.syscalls.keys() ?? [])].sort()).toEqual([...(own?.syscalls.keys() ?? [])].sort());
    },
  );
});
