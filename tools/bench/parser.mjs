// How fast `generate` reads a large log, compared with scripts that people write themselves.
//
// Usage: npm run bench [-- [MEGABYTES …] [--write]]
// Output: Markdown on stdout, with --write also in docs/measurements.md. It never passes or fails. It needs strace
// once, to record the lines that are repeated.
//
// Every contestant is bound to the same core. The CPU time of all its processes counts, start included, and the table
// has medians of rounds in turns. The others count the calls and, if they read by lines, the failed calls. seccomp-gen
// does the whole job, up to the written profile. All must find the same calls equally often.
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measuredOn, writeMeasured } from "../measurements.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: "boolean", default: false }, rounds: { type: "string", default: "5" } },
});
/** In megabytes: a long log, and a log for which starting the program takes a good part of the time. */
const sizes = positionals.length > 0 ? positionals.map(Number) : [1024, 256];
const cli = fileURLToPath(new URL("../../dist/cli.cjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-bench-"));
const profile = join(folder, "profile.json");

/** The recorded work: files, many short processes, several at once, and a server with threads and its clients. */
const workload = `
ls -lR /usr/share/doc /usr/lib >/dev/null
find /usr/lib -type f | head -2000 | xargs -d '\\n' -P 3 -n 20 stat >/dev/null
tar -C / -c etc 2>/dev/null | gzip >/dev/null
grep -rs needle /etc >/dev/null
node -e '
  const http = require("http");
  const answer = (_, response) => require("fs").readFile("/etc/passwd", (_, text) => response.end(text));
  const ask = (port, done) => http.get({ port, agent: false }, (response) => response.resume().on("end", done));
  const server = http.createServer(answer).listen(0, "127.0.0.1", async () => {
    for (let turn = 0; turn < 500; turn += 1) await new Promise((done) => ask(server.address().port, done));
    server.close();
  });'
true`;

/** strace's options for each style, and a regular expression for what it then writes between pid and name. */
const styles = [
  {
    name: "as `record` asks strace: `-f -n -X verbose`",
    words: ["-f", "-n", "-X", "verbose", "--quiet=attach"],
    columns: String.raw`\[ *[0-9]+\] `,
  },
  { name: "as people do: `-f -tt -T`", words: ["-f", "-tt", "-T"], columns: "[0-9:.]+ " },
];

const reader = `
  const [file, columns] = process.argv.slice(1);
  const call = new RegExp("^\\\\d+ +" + columns + "(\\\\w+)\\\\((?:.*\\\\) += (-1 \\\\w+)?)?");
  const counts = new Map(), failures = new Map();
  require("readline").createInterface({ input: require("fs").createReadStream(file) })
    .on("line", (line) => {
      const found = call.exec(line);
      if (found === null) return;
      counts.set(found[1], (counts.get(found[1]) ?? 0) + 1);
      if (found[2] !== undefined) failures.set(found[1], (failures.get(found[1]) ?? 0) + 1);
    })
    .on("close", () => { for (const [name, count] of counts) console.log(count, name, failures.get(name) ?? 0); });`;
const python = `
import re, sys
call = re.compile(b"^\\\\d+ +" + sys.argv[2].encode() + b"(\\\\w+)\\\\((?:.*\\\\) += (-1 \\\\w+)?)?")
counts, failures = {}, {}
for line in open(sys.argv[1], "rb"):
    found = call.match(line)
    if found:
        name, failure = found.groups()
        counts[name] = counts.get(name, 0) + 1
        if failure: failures[name] = failures.get(name, 0) + 1
for name, count in counts.items(): print(count, name.decode(), failures.get(name, 0))`;

const quoted = (word) => `'${word.replaceAll("'", `'\\''`)}'`;
const compiled =
  spawnSync("cc", [
    "-O2",
    "-o",
    join(folder, "name-scanner"),
    fileURLToPath(new URL("name-scanner.c", import.meta.url)),
  ]).status === 0;

/** Shell commands that print counts and names. `target`: how many times our time they should take. */
const contestants = [
  {
    name: "`grep -oP … \\| sort \\| uniq -c`, names only",
    target: "≥ 2",
    needs: "grep",
    command: (log, columns) => `grep -oP ${quoted(`^\\d+ +${columns}\\K\\w+(?=\\()`)} ${log} | sort | uniq -c`,
  },
  {
    name: "awk, names only",
    needs: "awk",
    command: (log, columns) =>
      `awk ${quoted(
        `match($0, /^[0-9]+ +${columns}[a-z0-9_]+\\(/) ` +
          '{ call = substr($0, 1, RLENGTH - 1); sub(/.* /, "", call); counts[call]++ } ' +
          "END { for (call in counts) print counts[call], call }",
      )} ${log}`,
  },
  {
    name: "Node, readline and a regular expression a line",
    target: "≥ 3",
    needs: "node",
    command: (log, columns) => `node -e ${quoted(reader)} ${log} ${quoted(columns)}`,
  },
  {
    name: "Python, a regular expression a line",
    target: "≥ 4",
    needs: "python3",
    command: (log, columns) => `python3 -c ${quoted(python)} ${log} ${quoted(columns)}`,
  },
  {
    name: "a C program that maps the file, names only",
    target: "≥ 0.067",
    needs: compiled ? "cc" : "no compiler",
    command: (log) => `${folder}/name-scanner ${log}`,
  },
].filter(({ needs }) => spawnSync("sh", ["-c", `command -v ${needs}`]).status === 0);

/** The cores that this process may run on (proc_pid_status(5)). */
const cores = (/^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0")
  .split(",")
  .flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
const canPin = spawnSync("taskset", ["-c", String(cores.at(-1)), "true"]).status === 0;
const one = canPin ? `taskset -c ${cores.at(-1)} ` : "";

/** The CPU time of all processes. Only its ratios matter, so it has no unit. */
function measure(command, pinned) {
  const { status, stdout, stderr } = spawnSync(
    "bash",
    ["-c", `TIMEFORMAT='%3U %3S'; time ${pinned}sh -c ${quoted(command)}`],
    { encoding: "utf8", env: { ...process.env, LC_ALL: "C" }, maxBuffer: 1 << 26 },
  );
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  const [user, system] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
  return { stdout, stderr, cpu: user + system };
}

const memory = `data:text/javascript,process.on("exit",()=>console.error("peak",process.resourceUsage().maxRSS))`;
const generate = (log, nodeOptions = "") => `node ${nodeOptions} ${cli} generate ${log} -o ${profile}`;
const peak = ({ stderr }) => Math.round(Number(/^peak (\d+)$/m.exec(stderr)?.[1]) / 1024);

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** The lines of one recording, in bytes. */
function recorded(words) {
  const log = join(folder, "recorded");
  execFileSync("strace", [...words, "-o", log, "sh", "-c", workload], { stdio: "ignore" });
  return readFileSync(log);
}

function scaledUp(lines, log, megabytes) {
  writeFileSync(log, "");
  while (statSync(log).size < megabytes * 1e6) appendFileSync(log, lines);
}

/** The names and counts, or what a recording keeps of them. */
function counted(output) {
  return output
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([count, name]) => `${name} ${count}`)
    .sort();
}

function expectSame(log, columns) {
  const all = contestants.map(({ name, command }) => ({
    name,
    counts: counted(measure(command(log, columns), "").stdout),
  }));
  const recording = JSON.parse(measure(`node ${cli} merge ${log}`, "").stdout);
  const ours = Object.values(recording.syscalls)
    .flatMap((byName) => Object.entries(byName).map(([name, { calls }]) => `${name} ${calls}`))
    .sort();
  const rough = all[0].counts.map((row) => row.replace(/\d+$/, (count) => String(10 ** (count.length - 1))));
  for (const { name, counts } of all)
    if (counts.join() !== all[0].counts.join()) throw new Error(`${name} counts otherwise than ${all[0].name}`);
  if (ours.join() !== rough.join())
    throw new Error(
      `seccomp-gen counts otherwise: ${String(ours.filter((row) => !rough.includes(row)))} for ` +
        String(rough.filter((row) => !ours.includes(row))),
    );
}

const peaks = [];
const recordings = styles.map(({ words }) => recorded(words));

/** The ratios, with one column for each style. */
function compare(logs) {
  const ratios = logs.map(({ log, columns }) => {
    const ours = [];
    const theirs = contestants.map(() => []);
    peaks.push(peak(measure(generate(log, `--import ${quoted(memory)}`), one))); // not in the rounds: asking takes time
    for (let round = 0; round < Number(options.rounds); round += 1) {
      const own = measure(generate(log), one);
      ours.push(own.cpu);
      for (const [index, { command }] of contestants.entries())
        theirs[index].push(measure(command(log, columns), one).cpu);
    }
    return theirs.map((times) => median(times) / median(ours));
  });
  return contestants.map(
    ({ name, target }, index) =>
      `| ${name} | ${ratios.map((column) => column[index].toFixed(column[index] < 1 ? 3 : 2)).join(" | ")} ` +
      `| ${target ?? ""} |`,
  );
}

try {
  const logs = styles.flatMap(({ name, columns }, index) =>
    sizes.map((megabytes) => {
      const log = join(folder, `log${index}-${megabytes}`);
      scaledUp(recordings[index], log, megabytes);
      expectSame(log, columns);
      return { name: `${name}, ${megabytes} MB`, columns, log };
    }),
  );
  const title =
    `${measuredOn()}, Node ${process.versions.node.split(".")[0]}; logs made of recorded lines again ` + "and again.";
  const lines = [
    `${title} CPU time as a multiple of seccomp-gen's, ` +
      `${canPin ? "every contestant on the same single core" : "not pinned, as there is no taskset here"}, ` +
      "in the C locale; at least so much is aimed at:",
    "",
    `| | ${logs.map(({ name }) => name).join(" | ")} | aim |`,
    `|---|${logs.map(() => "---|").join("")}---|`,
    ...compare(logs),
  ];
  lines.push("", `Of memory, seccomp-gen takes ${Math.max(...peaks)} MB at most (aim: 100).`);
  console.log(lines.join("\n"));
  if (options.write) writeMeasured("bench", lines.join("\n"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
