// How fast `generate` reads a large log, against what people write themselves. Prints ratios measured in one run, in turns; never a pass or a failure.
// Usage: npm run bench [-- MEGABYTES]. Needs strace once, to record the lines that are scaled up.
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const megabytes = Number(process.argv[2] ?? 200);
const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-bench-"));
const log = join(folder, "log");

const reader = `
  const counts = new Map();
  require("readline").createInterface({ input: require("fs").createReadStream(process.argv[1]) })
    .on("line", (line) => { const found = /^\\d+ +(\\w+)\\(.*\\) += (-?\\w+)/.exec(line); if (found) counts.set(found[1], (counts.get(found[1]) ?? 0) + 1); })
    .on("close", () => console.log(counts.size));`;
const python = `
import re, sys
line = re.compile(rb"^\\d+ +(\\w+)\\(.*\\) += (-?\\w+)")
counts = {}
for text in open(sys.argv[1], "rb"):
    found = line.match(text)
    if found: counts[found[1]] = counts.get(found[1], 0) + 1
print(len(counts))`;

/** The least that can be done with the bytes: the word before each line's first bracket, counted in a table of hashes. */
const scanner = `
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
static unsigned long counts[1 << 16];
int main(int argc, char **argv) {
  struct stat about;
  int file = open(argv[1], O_RDONLY);
  if (argc < 2 || fstat(file, &about)) return 1;
  const char *at = mmap(0, about.st_size, PROT_READ, MAP_PRIVATE, file, 0), *end = at + about.st_size;
  while (at < end) {
    const char *next = memchr(at, 10, end - at);
    if (!next) next = end;
    while (at < next && (*at == 32 || (*at >= 48 && *at <= 57))) at++;
    unsigned hash = 0;
    while (at < next && *at != 40) hash = hash * 31 + *at++;
    if (at < next) counts[hash & 0xffff]++;
    at = next + 1;
  }
  unsigned names = 0;
  for (int slot = 0; slot < 1 << 16; slot++) names += counts[slot] > 0;
  printf("%u\\n", names);
  return 0;
}`;

const compiled = spawnSync("cc", ["-O2", "-x", "c", "-o", join(folder, "scanner"), "-"], { input: scanner }).status === 0;
const contenders = {
  "seccomp-gen generate": ["node", [cli, "generate", log, "-o", join(folder, "profile.json")]],
  "grep -oP | sort | uniq -c": ["sh", ["-c", `grep -oP '^\\d+ +\\K\\w+(?=\\()' ${log} | sort | uniq -c`]],
  "awk": ["awk", ['{ sub(/^[0-9]+ +/, ""); sub(/\\(.*/, ""); n[$0]++ } END { for (k in n) print k, n[k] }', log]],
  "node readline and a regular expression": ["node", ["-e", reader, log]],
  "python, a regular expression a line": ["python3", ["-c", python, log]],
  ...(compiled ? { "a C program that only counts names": [join(folder, "scanner"), [log]] } : {}),
};

try {
  execFileSync("strace", ["-f", "-X", "verbose", "-o", log, "sh", "-c", "ls -lR /usr/share >/dev/null; find /usr/lib -type f | xargs -d '\\n' stat >/dev/null; true"], { stdio: "ignore" });
  const lines = readFileSync(log);
  writeFileSync(log, "");
  while (statSync(log).size < megabytes * 1e6) appendFileSync(log, lines);
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < 3; round += 1) {
    for (const [name, [file, args]] of Object.entries(contenders)) {
      const begin = process.hrtime.bigint();
      const { status, stderr, error } = spawnSync(file, args, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
      if (error?.code === "ENOENT") continue; // no python here
      if (status !== 0) throw new Error(`${name}: ${stderr}`);
      times[name].push(Number(process.hrtime.bigint() - begin) / 1e6);
    }
  }
  const best = Math.min(...times["seccomp-gen generate"]);
  console.log(`a log of ${Math.round(statSync(log).size / 1e6)} MB, best of three, node ${process.version}`);
  for (const [name, measured] of Object.entries(times)) if (measured.length > 0) console.log(`  ${name}: ${(Math.min(...measured) / best).toFixed(2)} times the time of seccomp-gen`);
  const memory = spawnSync("node", ["-e", `process.argv[1] = ${JSON.stringify(cli)}; process.argv.push("generate", ${JSON.stringify(log)}, "-o", ${JSON.stringify(join(folder, "profile.json"))}); process.on("exit", () => console.log(process.resourceUsage().maxRSS)); import(${JSON.stringify(cli)})`, "x"], { encoding: "utf8" });
  console.log(`  peak resident memory of seccomp-gen: ${Math.round(Number(memory.stdout.trim().split("\n").at(-1)) / 1024)} MB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
