import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runs } from "../support/machine.ts";
import { exportProfile, type ExportOptions } from "../../src/commands/export.ts";
import { exportFormats } from "../../src/commands/export-formats.ts";
import { generate } from "../../src/commands/generate.ts";
import type { Terminal } from "../../src/project/terminal/terminal.ts";
import { diffFilters } from "../../src/core/diff/index.ts";
import { readProfile, resolve } from "../../src/core/profile/index.ts";
import { defaultCapabilities } from "../../src/core/tables/index.ts";
import { generateOptions } from "../support/options.ts";

const nginx = fileURLToPath(new URL("../../profiles/nginx.json", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-export-"));
const defaults: ExportOptions = {
  format: "oci",
  output: undefined,
  widen: false,
  capAdd: [],
  capDrop: [],
  arch: "amd64",
  kernel: undefined,
  runtime: "runc",
};
let notes: string[] = [];
async function exported(
  format: ExportOptions["format"],
  more: Partial<ExportOptions> = {},
  profile = nginx,
): Promise<string> {
  let out = "";
  notes = [];
  const terminal: Terminal = {
    out: (text) => (out += text),
    note: (line) => notes.push(line),
    status: undefined,
    color: false,
    width: 80,
    interrupted: new AbortController().signal,
  };
  expect(await exportProfile(profile, { ...defaults, format, ...more }, terminal)).toBe(0);
  return out;
}

/** A profile of `ls`, recorded here. */
async function lsProfile(): Promise<string> {
  const [log, profile] = [join(folder, "ls.log"), join(folder, "ls.json")];
  expect(spawnSync("strace", ["-f", "-o", log, "ls", "/"]).status).toBe(0);
  const terminal: Terminal = {
    out: () => undefined,
    note: () => undefined,
    status: undefined,
    color: false,
    width: 80,
    interrupted: new AbortController().signal,
  };
  await generate([log], { ...generateOptions, output: profile, name: "ls" }, terminal);
  return profile;
}

describe("export", { timeout: 60_000 }, () => {
  test.each(["profiles/nginx.json", "profiles/docker-default/29.4.3.json"])(
    "oci: %s means the same when it is read back",
    async (path) => {
      const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
      const host = {
        arch: "SCMP_ARCH_X86_64",
        capabilities: new Set(defaultCapabilities),
        kernel: undefined,
        runtime: "runc",
      } as const;
      const text = await exported("oci", {}, file);
      expect(text).not.toMatch(/"(comment|includes|excludes|archMap)"/);
      const change = diffFilters(
        resolve(readProfile(readFileSync(file, "utf8"), file), host).filters,
        resolve(readProfile(text, "exported"), host).filters,
      );
      expect([change.profile, change.syscalls]).toEqual([[], []]);
    },
  );

  test("every format writes something, and says what it cannot say", async () => {
    for (const format of exportFormats.filter((name) => name !== "bpf"))
      expect((await exported(format, { widen: true })).length).toBeGreaterThan(50);
    for (const format of ["systemd", "firejail"] as const)
      await expect(exported(format)).rejects.toThrow(
        /cannot express arguments, and the profile allows these calls only with some: .*socketpair/,
      );
    await exported("firejail", { widen: true });
    expect(notes.join("\n")).toMatch(/allows with any arguments: .*socketpair/);
    await expect(exported("bpf")).rejects.toThrow(/not text/);
  });

  test("a name is no YAML, whatever stands in it", async () => {
    const hostile = "x\n  - action: SCMP_ACT_ALLOW\n    names:\n    - bpf";
    writeFileSync(
      join(folder, "hostile.json"),
      JSON.stringify({
        defaultAction: "SCMP_ACT_ERRNO",
        syscalls: [{ names: ["read", hostile], action: "SCMP_ACT_ALLOW" }],
      }),
    );
    const written = await exported("security-profile", {}, join(folder, "hostile.json"));
    expect(written).toContain(`    - ${JSON.stringify(hostile)}\n`);
    expect(written.split("\n").filter((line) => /^ +- action:/.test(line))).toHaveLength(1);
  });
  test("a list of what is allowed is not made of a list of what is forbidden", async () => {
    const open = join(folder, "open.json");
    writeFileSync(
      open,
      '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["ptrace"], "action": ' + '"SCMP_ACT_ERRNO"}]}',
    );
    for (const format of ["systemd", "firejail"] as const)
      await expect(exported(format, { widen: true }, open)).rejects.toThrow(/allows calls that it does not name/);
  });

  test("systemd has settings of its own for families, namespaces and executable memory", async () => {
    const unit = await exported("systemd", { widen: true });
    expect(unit).toMatch(/^RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX$/m);
    expect(unit).toMatch(/^RestrictNamespaces=yes\nMemoryDenyWriteExecute=yes$/m);
    expect(notes.join("\n")).toMatch(
      /allows with any arguments: clock_nanosleep, futex, ioctl, pipe2, prctl, .*, setsockopt, socket, socketpair/,
    );
  });

  test("what is YAML is read as YAML, every number exact", async ({ skip }) => {
    skip(!runs("python3", "-c", "import yaml"), "python3 has no yaml (Debian's python3-yaml)");
    const read = (text: string): Record<string, unknown> =>
      JSON.parse(
        spawnSync("python3", ["-c", "import sys,json,yaml; print(json.dumps(yaml.safe_load(sys.stdin)))"], {
          input: text,
          encoding: "utf8",
        }).stdout,
      ) as Record<string, unknown>;
    const { spec } = read(await exported("security-profile")) as {
      spec: { syscalls: { names: string[]; args?: { value: number; valueTwo?: number }[] }[] };
    };
    const clone = spec.syscalls.find(({ names, args }) => names.includes("clone") && args !== undefined);
    expect(clone?.args?.[0]).toMatchObject({ index: 0, value: 2114060288, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" });
    expect(read(await exported("kubernetes"))).toEqual({
      securityContext: { seccompProfile: { type: "Localhost", localhostProfile: "profiles/nginx.json" } },
    });
    expect(read(await exported("compose"))).toEqual({ services: { nginx: { security_opt: [`seccomp=${nginx}`] } } });
    const odd = join(folder, "my $app: #1.json");
    writeFileSync(odd, readFileSync(nginx));
    expect(read(await exported("compose", {}, odd))).toEqual({
      services: { "my--app---1": { security_opt: [`seccomp=${odd.replace("$", "$$$$")}`] } },
    });
  });

  test("systemd-analyze takes the unit", async ({ skip }) => {
    skip(!runs("systemd-analyze", "--version"), "systemd-analyze is not installed (Debian's systemd)");
    const unit = join(folder, "app.service");
    writeFileSync(unit, `${await exported("systemd", { widen: true })}ExecStart=/bin/true\n`);
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
    expect([status, stderr.split("\n").filter((line) => /SystemCall|Restrict|MemoryDeny/.test(line))]).toEqual([0, []]);
  });

  test("bubblewrap starts a program that was recorded, and the kernel denies the rest", async ({ skip }) => {
    skip(!runs("bwrap", "--ro-bind", "/", "/", "true"), "bubblewrap starts nothing here");
    skip(!runs("strace", "true"), "strace does not run here");
    const bpf = join(folder, "ls.bpf");
    await exported("bpf", { output: bpf, arch: undefined }, await lsProfile());
    const under = (...command: readonly string[]): ReturnType<typeof spawnSync> => {
      const filter = openSync(bpf, "r");
      const result = spawnSync("bwrap", ["--ro-bind", "/", "/", "--seccomp", "3", ...command], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe", filter],
      });
      closeSync(filter);
      return result;
    };
    expect(under("ls", "/")).toMatchObject({ status: 0, stdout: expect.stringContaining("usr") as string });
    expect(under("unshare", "--mount", "true").status).not.toBe(0);
    expect(under("python3", "-c", "import socket; socket.socket()").status).not.toBe(0);
  });

  test("firejail starts a program that was recorded", async ({ skip }) => {
    skip(!runs("firejail", "--quiet", "--noprofile", "true"), "firejail starts nothing here");
    skip(!runs("strace", "true"), "strace does not run here");
    const profile = join(folder, "ls.profile");
    writeFileSync(profile, await exported("firejail", { widen: true }, await lsProfile()));
    expect(spawnSync("firejail", ["--quiet", `--profile=${profile}`, "ls", "/"], { encoding: "utf8" })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("usr") as string,
    });
  });
});
