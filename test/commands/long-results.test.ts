import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { check } from "../../src/commands/check.ts";
import { diff } from "../../src/commands/diff.ts";
import { explain } from "../../src/commands/explain.ts";
import { lint } from "../../src/commands/lint.ts";
import type { Terminal } from "../../src/project/terminal/terminal.ts";
import { cli } from "../support/product.ts";
import { Repository } from "../support/repository.ts";

// A long result begins with its summary, and ends there on a terminal unless --all asks for the rest.

const root = fileURLToPath(new URL("../../", import.meta.url));
const nginx = join(root, "profiles/nginx.json");
const redis = join(root, "profiles/redis.json");
const recording = join(root, "traces/nginx/recording.json");
const moby = join(root, "profiles/docker-default/28.2.0.json");
const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-long-"));
const narrow = join(folder, "narrow.json");
writeFileSync(narrow, JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", architectures: ["SCMP_ARCH_X86_64"] }));
const denylist = join(folder, "denylist.json");
writeFileSync(denylist, JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", syscalls: [] }));

const host = {
  format: "text",
  against: undefined,
  capAdd: [],
  capDrop: [],
  arch: "amd64",
  kernel: undefined,
  runtime: "runc",
} as const;
type Command = (terminal: Terminal, all?: boolean) => Promise<number>;
const commands = {
  explain: (terminal, all) => explain(nginx, undefined, { ...host, recording: undefined, all }, terminal),
  diff: (terminal, all) => diff([nginx, moby], { ...host, all }, terminal),
  lint: (terminal, all) => lint([denylist, moby], { ...host, fix: false, all }, terminal),
  check: (terminal, all) => check(narrow, [recording], { format: "text", arch: undefined, all }, terminal),
} satisfies { readonly [name: string]: Command };

/** What a command writes, and its exit code. `rows`: of the terminal that it writes to. */
async function written(
  command: Command,
  rows?: number,
  all?: boolean,
): Promise<{ readonly text: string; readonly code: number }> {
  let text = "";
  const code = await command(
    {
      out: (more) => (text += more),
      note: () => undefined,
      status: undefined,
      color: false,
      width: 80,
      rows,
      interrupted: new AbortController().signal,
    },
    all,
  );
  return { text, code };
}

describe.each<[keyof typeof commands, ...RegExp[]]>([
  ["explain", /141 calls allowed/, /16 within reach/],
  [
    "diff",
    /newly allowed \(\d+\) +name_to_handle_at, process_vm_readv, process_vm_writev, ptrace, /,
    /may now open SCTP/,
  ],
  ["lint", /: error: .* \[denylist\]/, /\[dangerous-call\] and \d+ more bpf,.* ptrace,.* lookup_dcookie/],
  ["check", /would deny \d+ of the recorded calls: accept4,.* writev/],
])("the result of %s", (name, ...headlines) => {
  test("is its summary on a terminal, with all that made the exit code, and says how to see the rest", async () => {
    const [pipe, screen] = [await written(commands[name]), await written(commands[name], 24)];
    expect(screen.code).toBe(pipe.code);
    expect(screen.text.split("\n").length).toBeLessThan(50);
    expect(screen.text.length).toBeLessThan(pipe.text.length / 2);
    const words = screen.text.replaceAll(/\s+/g, " ");
    for (const headline of headlines) expect(words).toMatch(headline);
    expect(words).toMatch(/ --all (lists|shows|says) [^.]*\. $/);
    expect(await written(commands[name], 24, true)).toEqual(pipe);
  });
});

test("a result that fits on the terminal is whole", async () => {
  const command: Command = (terminal) => check(redis, [recording], { format: "text", arch: undefined }, terminal);
  expect(await written(command, 24)).toEqual(await written(command));
});

test("a result whose summary would save little is whole", async () => {
  const command: Command = (terminal) => lint([narrow], { ...host, fix: false }, terminal);
  const whole = await written(command);
  expect(whole.text.length).toBeGreaterThan(1600);
  expect(await written(command, 20)).toEqual(whole);
});

/** Standard output of the program, on a terminal of 80 columns and 24 rows. */
function onTerminal(words: string, cwd: string, ci = ""): string {
  const command = `stty cols 80 rows 24; NO_COLOR=1 '${process.execPath}' '${cli}' ${words} 2>/dev/null`;
  const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
    cwd,
    env: { ...process.env, CI: ci },
    encoding: "utf8",
    input: "",
  });
  return stdout.replaceAll("\r", "");
}

test("review: text for a terminal, where it cuts no danger, and markdown for a CI job's terminal", () => {
  const repository = new Repository();
  repository.write("profiles/app.json", readFileSync(nginx, "utf8"));
  repository.commit("before");
  repository.write("profiles/app.json", readFileSync(moby, "utf8"));
  const [screen, all, ci] = ["", "--all", ""].map((option, at) =>
    onTerminal(`review HEAD ${option}`, repository.folder, at === 2 ? "true" : ""),
  ) as [string, string, string];
  expect(screen).toMatch(/^Seccomp profiles\n/);
  expect(screen.length).toBeLessThan(all.length / 2);
  const dangers = (text: string): readonly string[] => text.match(/^ {2}dangerous: .*/gm) ?? [];
  expect(dangers(all).length).toBeGreaterThan(10);
  expect(dangers(screen)).toEqual(dangers(all));
  expect(screen).toMatch(/To pass the check\n[^]*--all shows all of it, and --format html makes a page\.\n$/);
  expect(ci).toMatch(/^## Seccomp profiles\n/);
});
