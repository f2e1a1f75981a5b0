/** Small binaries that the tests build from our own sources. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { TestContext } from "vitest";
import { analyzeObject, reachOf, type CodeSummary, type Reach } from "../../src/reach/index.ts";
import { notX64 } from "../support/machine.ts";

const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-reach-"));

/** Debian's package of each tool (tools/engine/packages.sh installs them). */
const packages = {
  gcc: "gcc",
  "musl-gcc": "musl-tools",
  go: "golang-go",
  "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
} as const;

/** For `beforeEach`: skips the tests of a group if a tool is not installed. */
export function needs(...tools: readonly (keyof typeof packages)[]): (context: TestContext) => void {
  const folders = (process.env["PATH"] ?? "").split(":");
  const missing = tools.find((tool) => !folders.some((path) => existsSync(join(path, tool))));
  return ({ skip }) => {
    if (missing !== undefined) skip(`${missing} is not installed (Debian's ${packages[missing]})`);
  };
}

/** For `beforeEach`: skips the tests of a group on other machines than x86-64. */
export function needsX64({ skip }: TestContext): void {
  skip(process.arch !== "x64", notX64);
}

/** Compiles C, or assembly if the source starts with a dot. Returns the path of the result. */
export function build(compiler: string, source: string, ...flags: readonly string[]): string {
  const extension = /^\s*\./.test(source) ? "S" : "c";
  const name = createHash("sha256")
    .update([compiler, source, ...flags].join("\0"))
    .digest("hex")
    .slice(0, 16);
  const input = join(folder, `${name}.${extension}`);
  const output = join(folder, name);
  if (existsSync(output)) return output;
  writeFileSync(input, source);
  execFileSync(compiler, [input, "-o", output, ...flags], { stdio: "pipe" });
  return output;
}

export function buildGo(source: string, ...flags: readonly string[]): string {
  const name = createHash("sha256")
    .update([source, ...flags].join("\0"))
    .digest("hex")
    .slice(0, 16);
  const input = join(folder, `${name}.go`);
  const output = join(folder, name);
  writeFileSync(input, source);
  const env = {
    ...process.env,
    GOCACHE: join(folder, "cache"),
    CGO_ENABLED: "0",
    GOFLAGS: "-mod=mod",
    GO111MODULE: "off",
    HOME: folder,
  };
  execFileSync("go", ["build", ...flags, "-o", output, input], { stdio: "pipe", env });
  return output;
}

export function strip(path: string, ...flags: readonly string[]): string {
  const output = `${path}.stripped`;
  execFileSync(readFileSync(path)[18] === 183 ? "aarch64-linux-gnu-strip" : "strip", [...flags, "-o", output, path], {
    stdio: "pipe",
  });
  return output;
}

export function summaryOf(path: string): CodeSummary {
  const summary = analyzeObject(readFileSync(path));
  if (summary.kind !== "code") throw new Error(`${path}: ${summary.reason}`);
  return summary;
}

/** The reach of a file as a program, with the libraries given. */
export function reachOfFile(path: string, ...libraries: readonly string[]): Reach {
  return reachOf({
    executable: { name: basename(path), summary: summaryOf(path) },
    objects: libraries.map((library) => ({ name: basename(library), summary: cached(library) })),
  });
}

const summaries = new Map<string, CodeSummary>();
function cached(path: string): CodeSummary {
  let summary = summaries.get(path);
  if (summary === undefined) summaries.set(path, (summary = summaryOf(path)));
  return summary;
}

export function names(reach: Reach): readonly string[] {
  return [...reach.calls.keys()];
}

/** This machine's C library and dynamic linker. */
export function hostLibraries(): readonly string[] {
  const folders = ["/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu"];
  const found = folders.find((path) => existsSync(join(path, "libc.so.6"))) ?? "";
  const linker = readdirSync(found).find((name) => /^ld-linux-.*\.so/.test(name)) ?? "";
  return [realpathSync(join(found, "libc.so.6")), join(found, linker)];
}

/** The names of all calls that strace saw the program make, except those that strace itself cannot attribute. */
export function observe(path: string, ...args: readonly string[]): readonly string[] {
  const log = join(folder, `${basename(path)}.log`);
  execFileSync("strace", ["-f", "-qq", "-e", "signal=none", "-o", log, path, ...args], {
    stdio: "pipe",
    timeout: 20_000,
  });
  const calls = new Set<string>();
  for (const line of readFileSync(log, "latin1").split("\n")) {
    const name = /^\d+ +(\w+)\(/.exec(line)?.[1];
    if (name !== undefined && name !== "restart_syscall") calls.add(name);
  }
  calls.delete("execve");
  return [...calls].sort();
}
