import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stringifyRecording } from "../../src/core/recording/index.ts";
import { framingOf } from "../../src/logs/framing.ts";
import { readTraces } from "../../src/logs/index.ts";
import type { Terminal } from "../../src/project/terminal/terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-framing-"));

async function recordingOf(text: string, notes: string[] = []): Promise<string> {
  const path = join(folder, "log");
  writeFileSync(path, text);
  const terminal = { note: (line: string) => notes.push(line), status: undefined } as unknown as Terminal;
  return stringifyRecording(await readTraces([path], { name: "x", arch: "SCMP_ARCH_X86_64" }, terminal));
}

/** A log of several processes, with these options, in strace's own file or from standard error. */
function traced(where: "file" | "stderr", options: readonly string[] = []): readonly string[] {
  const script = "ls / >/dev/null; id -u >/dev/null; (sleep 0.01 & wait)";
  const path = join(folder, "traced");
  if (where === "file") execFileSync("strace", ["-f", ...options, "-o", path, "sh", "-c", script]);
  else
    execFileSync("sh", [
      "-c",
      'out=$1; shift; exec "$@" 2>"$out"',
      "sh",
      path,
      "strace",
      "-f",
      ...options,
      "sh",
      "-c",
      script,
    ]);
  return readFileSync(path, "utf8").split("\n").slice(0, -1);
}

const two = (number: number): string => String(number).padStart(2, "0");
const iso = (index: number): string => `2024-01-02T03:04:${two(index % 60)}.${String(index).padStart(9, "0")}Z`;

const csv = (line: string): string => `"${line.replaceAll('"', '""')}"`;
const html = (line: string): string => line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The tools that write around lines, and what they write. */
const collectors: readonly [string, (line: string, index: number) => string][] = [
  ["docker compose logs", (line) => `web-1  | ${line}`],
  ["docker compose up, in colours", (line) => `\u001b[36mweb-1  | \u001b[0m${line}`],
  ["docker compose logs -t", (line, index) => `web-1  | ${iso(index)} ${line}`],
  ["docker logs -t", (line, index) => `${iso(index)} ${line}`],
  ["kubectl logs --prefix", (line) => `[pod/web-7d9/app] ${line}`],
  ["kubectl logs --prefix --timestamps", (line, index) => `[pod/web-7d9/app] ${iso(index)} ${line}`],
  ["stern", (line) => `web-7d9 app ${line}`],
  ["a node's log of a container (CRI)", (line, index) => `${iso(index)} stderr F ${line}`],
  ["Docker's json-file", (line, index) => JSON.stringify({ log: `${line}\n`, stream: "stderr", time: iso(index) })],
  [
    "Docker's json-file with lines that it split",
    (line, index) =>
      [line.slice(0, 9), `${line.slice(9)}\n`]
        .map((log) => JSON.stringify({ log, stream: "stderr", time: iso(index) }))
        .join("\n"),
  ],
  ["ts", (line, index) => `Jan ${two(1 + (index >> 6))} 03:04:${two(index % 60)} ${line}`],
  ["ts -s", (line, index) => `00:00:${two(index % 60)} ${line}`],
  ["ts %.s", (line, index) => `1700000000.${String(index).padStart(6, "0")} ${line}`],
  ["journalctl", (line, index) => `Jan ${String(1 + (index >> 6)).padStart(2)} 03:04:05 host app[321]: ${line}`],
  ["gh run view --log", (line, index) => `build\tRun tests\t${iso(index)} ${line}`],
  ["a logger", (line, index) => `[2024-01-02 03:04:05,${index}] INFO: ${line}`],
  ["an indented paste", (line) => `    ${line}`],
  ["a quoted mail", (line) => `> ${line}`],
  ["a table", (line, index) => `| ${iso(index)} | ${line} |`],
  ["a table of Markdown", (line) => `| ${line.replaceAll("|", String.raw`\|`)} |`],
  ["a table of Markdown, with numbers and code", (line, index) => `| ${index} | \`${line}\` |`],
  ["CSV", (line, index) => `${iso(index)},${csv(line)}`],
  ["CSV that quotes where it has to", (line, index) => `${index};${/[";]/.test(line) ? csv(line) : line}`],
  ["the source of a page", (line) => html(line).replaceAll('"', "&quot;")],
  ["the source of a page that keeps quotes", (line, index) => `${index === 0 ? "<pre>" : ""}${html(line)}`],
  ["a chat with its own quotes and dots", (line) => line.replace(/"([^"]*)"/g, "“$1”").replaceAll("...", "…")],
  ["a page's blanks", (line) => line.replaceAll(" ", "\u00a0")],
  ["cat -n", (line, index) => `${String(index + 1).padStart(6)}\t${line}`],
  ["an editor's line numbers", (line, index) => `${String(index + 1).padStart(4)} ${line}`],
  ["line numbers that look like process ids", (line, index) => `${index + 1}  ${line}`],
  ["grep -n", (line, index) => `${index + 1}:${line}`],
  ["grep -Hn", (line, index) => `trace.log:${index + 1}:${line}`],
  ["a diff that adds it", (line) => `+${line}`],
  ["Jenkins' timestamps", (line, index) => `03:04:${two(index % 60)}  ${line}`],
  ["journalctl -o json", (line) => JSON.stringify({ __CURSOR: "s=1", MESSAGE: line, _PID: "4242" })],
  ["a logger of JSON", (line, index) => JSON.stringify({ ts: iso(index), level: "info", msg: line })],
  [
    "a node's log that splits long lines (CRI)",
    (line, index) => `${iso(index)} stderr P ${line.slice(0, 9)}\n${iso(index)} stderr F ${line.slice(9)}`,
  ],
  ["JSON behind a tag (fluentd)", (line) => `2024-01-02 03:04:05 app: ${JSON.stringify({ log: line, source: "e" })}`],
  ["a terminal's record (script)", (line) => `${line}\r`],
  ["grep -H", (line) => `trace.log:${line}`],
];

describe("a log that another tool wrote around is read whole", () => {
  for (const where of ["file", "stderr"] as const) {
    const lines = traced(where);
    test.each(collectors)(`%s (strace's ${where})`, async (_, around) => {
      const plain = await recordingOf(`${lines.join("\n")}\n`);
      expect(await recordingOf(`${lines.map(around).join("\n")}\n`)).toBe(plain);
    });
  }

  test("what other tools say between the lines changes nothing", async () => {
    const lines = traced("file");
    const log = ["Attaching to web-1", ...lines.map((line) => `web-1  | ${line}`), "web-1 exited with code 0", ""].join(
      "\n",
    );
    const notes: string[] = [];
    expect(await recordingOf(log, notes)).toBe(await recordingOf(`${lines.join("\n")}\n`));
    expect(notes.join("\n")).toContain(`log:1,${lines.length + 2}: not read: not a line of strace`);
  });
});

describe("a log of which a part would be missed is refused", () => {
  const lines = traced("file");

  test("at the edge of a terminal", async () => {
    const wrapped = lines.map((line) => line.replace(/.{80}(?=.)/g, "$&\n"));
    await expect(recordingOf(`${wrapped.join("\n")}\n`)).rejects.toThrow(
      /calls lack their end: another tool cut or wrapped the lines of strace/,
    );
  });

  test.each<[string, (line: string, index: number) => string]>([
    ["two containers", (line, index) => `${index % 2 === 0 ? "web" : "db"}-1  | ${line}`],
    [
      "two logs, of which one has a prefix",
      (line, index) => (3 * index > 2 * lines.length ? `web-1  | ${line}` : line),
    ],
  ])("%s", async (_, around) => {
    await expect(recordingOf(`${lines.map(around).join("\n")}\n`)).rejects.toThrow(/of strace have.* another prefix/);
  });

  test.each([
    [
      "qemu -strace",
      '41 execve("/bin/job",{"/bin/job",NULL}) = 0\n41 openat(AT_FDCWD,"/x",O_RDONLY) = 3\n41 exit_group(0)\n',
    ],
    [
      "qemu -strace that fails",
      '41 brk(NULL) = 0x40008000\n41 access("/x",R_OK) = -1 errno=2 (No such file or directory)\n',
    ],
    [
      "gVisor",
      "I0102 03:04:05.0 1 strace.go:567] [   1:   1] sh X read(0x3, 0x7f, 0x9) = 0 (0x0) errno=2 (no file) (1µs)\n",
    ],
    ["truss", 'open("/etc/x",O_RDONLY,0666)\t\t = 3 (0x3)\nfstat(3,{ mode=-rw-r--r-- })\t = 0 (0x0)\n'],
    ["ltrace -S", "SYS_brk(0) = 0x55\nSYS_openat(0xffffff9c, 0x7f, 0x80000, 0) = 3\n"],
  ])("%s", async (_, log) => {
    await expect(recordingOf(log)).rejects.toThrow(/log of .*(?:another tracer|ltrace)/);
  });
});

test.each([["-t"], ["-tt"], ["-ttt"], ["-r"], ["-r -t"], ["-i"], ["-n"], ["-n -i"], ["-Y"], ["-T"], ["-k"]])(
  "strace's own columns are no prefix: %s",
  (options) => {
    for (const where of ["file", "stderr"] as const)
      expect(framingOf(Buffer.from(`${traced(where, options.split(" ")).join("\n")}\n`), "log")).toEqual([]);
  },
);

describe("a hostile log is looked at in a moment", { timeout: 20_000 }, () => {
  const long = 60_000;
  const call = "7 brk(NULL) = 0x55\n";
  test.each([
    ["digits where a line's number would stand", `${"1".repeat(long / 20)}x\n`.repeat(20)],
    ["calls behind a quote, as in CSV", `""${'"'}${"a(".repeat(long / 2)}\n`],
    ["results of calls, as in a chat", `${"a()  ".repeat(long / 5)}\n`],
    ["tags, as in a page", `7 write(1, &quot;${"<a ".repeat(long / 3)}\n`],
    ["edges of a table", `${" |".repeat(long / 6)}\n`.repeat(3)],
  ])("%s", async (_, lines) => {
    const recording = await recordingOf(call + lines + call);
    expect(recording).toContain('"brk"');
  });
});
