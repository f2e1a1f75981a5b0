// Runs the test suites of language runtimes under the profile of a light day of the same runtime, and compares them
// with the run under Docker's default. A test that fails only under the profile is a break. If the break disappears
// without pins of arguments, a pin caused it.
//
// Usage: npm run test:suites -- [--only NAME]… [--write]
//
// DOCKER_HOST names the engine, which needs `npm run engine -- base-image`. A Markdown table goes to stdout, and with
// --write also to docs/measurements.md. Exit code: 0 if no pin breaks a test, 1 if one does, 2 for trouble. Results are
// kept in .evaluate/suites/, so that a second run asks only about what has changed.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measuredOn, writeMeasured } from "../measurements.mjs";

const { values: options } = parseArgs({
  options: { only: { type: "string", multiple: true }, write: { type: "boolean", default: false } },
});
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const cli = path("../../dist/cli.cjs");
const folder = path("../../.evaluate/suites/");
const image = "seccomp-gen-suites";
const container = ["docker", "run", "--rm", "--network=none"];
const say = (text) => process.stderr.write(`suites: ${text}\n`);

const perl = (place, ...names) => names.map((name) => `/opt/perl/${place}/${name}.t`);
/** Each part runs in a container of its own. */
const suites = [
  {
    name: "Python",
    light: ["python3", "/suites/light.py"],
    run: ["python3", "/suites/run.py"],
    // test_asyncio hangs as a whole in a container without a network.
    unittests: ["streams", "server", "sock_lowlevel", "subprocess", "unix_events", "sendfile"].map(
      (name) => `test.test_asyncio.test_${name}`,
    ),
    parts: [
      ["test_socket", "test_socketserver", "test_timeout"],
      ["test_subprocess", "test_os", "test_posix"],
      ["test_signal", "test_threading", "test_thread"],
      ["test_select", "test_selectors", "test_epoll", "test_poll", "test_fcntl", "test_ioctl", "test_pty", "test_mmap"],
      ["test_ssl", "test_httpservers", "test_resource", "test_time", "test_multiprocessing_fork"],
    ],
  },
  {
    name: "Perl",
    light: ["perl", "/suites/light.pl"],
    run: ["perl", "/suites/run.pl"],
    parts: [
      perl("t/io", "socket", "socketpair", "pipe", "dup", "fs", "msg", "sem", "shm", "eintr", "errno", "open", "read"),
      perl(
        "t/op",
        "alarm",
        "die_keeperr",
        "exec",
        "fork",
        "getppid",
        "kill0",
        "select",
        "sleep",
        "stat",
        "sysio",
        "time",
      ),
      perl(
        "dist/IO/t",
        "IO",
        "io_dir",
        "io_dup",
        "io_file",
        "io_multihomed",
        "io_pipe",
        "io_poll",
        "io_sel",
        "io_sock",
      ),
      perl("dist/IO/t", "io_udp", "io_unix", "cachepropagate-tcp", "cachepropagate-udp", "cachepropagate-unix"),
      perl("cpan/Socket/t", "Socket", "getaddrinfo", "getnameinfo", "ip_mreq", "ipv6_mreq", "sockaddr", "socketpair"),
      perl("cpan/IO-Socket-IP/t", "01local-client-v4", "02local-server-v4", "03local-cross-v4", "04local-client-v6"),
      perl("cpan/IO-Socket-IP/t", "05local-server-v6", "11sockopts", "15io-socket", "16v6only", "22timeout"),
      perl("cpan/IO-Socket-IP/t", "30nonblocking-connect", "31nonblocking-connect-internet"),
      perl("cpan/IPC-SysV/t", "ipcsysv", "msg", "sem", "shm"),
      perl("ext/IPC-Open3/t", "IPC-Open2", "IPC-Open3", "fd"),
    ],
  },
  {
    name: "Node",
    light: ["node", "/suites/light.js"],
    run: ["node", "/suites/run.js"],
    parts: [
      ["test-net-"],
      ["test-dgram-"],
      ["test-child-process-"],
      ["test-cluster-"],
      ["test-process-", "test-signal"],
    ],
  },
].filter(({ name }) => options.only === undefined || options.only.includes(name));

function output([word, ...rest], { timeout = 1_800_000 } = {}) {
  const ran = spawnSync(word, rest, { cwd: folder, encoding: "utf8", timeout, maxBuffer: 1 << 28 });
  if (ran.error !== undefined || (ran.status !== 0 && ran.stdout === ""))
    throw new Error(`${word} ${rest.join(" ")}: ${ran.error?.message ?? ran.stderr}`);
  return ran;
}

/** The earlier answer to the same question, or a new one. */
function remembered(question, find) {
  const file = join(folder, `${createHash("sha256").update(JSON.stringify(question)).digest("hex").slice(0, 16)}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  const found = find();
  writeFileSync(file, JSON.stringify(found));
  return found;
}

const words = { FAIL: "fail", ERROR: "fail", ok: "ok", skipped: "skip" };

/** ok, skip or fail by the test's name. */
function resultsOf(run, profile) {
  const security = profile === undefined ? [] : [`--security-opt=seccomp=${profile}`];
  const { stdout, stderr } = output([...container, ...security, image, ...run]);
  const own = [...stdout.matchAll(/^(ok|skip|fail) (.+)$/gm)].map(([, result, name]) => [name, result]);
  const unittest = [...stderr.matchAll(/^(\w+ \([\w.]+\))(?:\n.*)? \.\.\. (FAIL|ERROR|ok|skipped)/gm)];
  return { results: Object.fromEntries([...own, ...unittest.map(([, name, word]) => [name, words[word]])]), stderr };
}

/** The profile of a light day, and the profile of the same day without pins of arguments. */
function profilesOf(suite) {
  const name = suite.name.toLowerCase();
  output([process.execPath, cli, "record", "--force", "--name", name, "--", ...container, image, ...suite.light]);
  const profile = join(folder, "profiles", `${name}.json`);
  const unpinned = join(folder, "profiles", `${name}-unpinned.json`);
  const recording = join(folder, "traces", name, "recording.json");
  output([process.execPath, cli, "generate", recording, "--args", "none", "--output", unpinned]);
  return { profile, unpinned };
}

/**
 * Runs a part under Docker's default and under the profile. Tests that differ are tried once more, and then without
 * pins.
 */
function compare(suite, run, { profile, unpinned }, id) {
  say(`${suite.name}: ${run.join(" ")}`);
  const under = (file, turn) =>
    remembered([id, run, file === undefined ? "" : readFileSync(file, "utf8"), turn], () => resultsOf(run, file));
  const plain = under(undefined, 1);
  const worse = (results) =>
    Object.keys(plain.results).filter((name) => plain.results[name] === "ok" && results[name] !== "ok");
  const once = worse(under(profile, 1).results);
  if (once.length === 0) return { plain, broken: [], skipped: [], pinned: [] };
  const again = under(profile, 2);
  const twice = worse(again.results).filter((name) => once.includes(name));
  const byNames = twice.length === 0 ? [] : worse(under(unpinned, 1).results);
  return {
    plain,
    broken: twice.filter((name) => again.results[name] !== "skip"),
    skipped: twice.filter((name) => again.results[name] === "skip"),
    pinned: twice.filter((name) => !byNames.includes(name)),
    stderr: again.stderr,
  };
}

mkdirSync(folder, { recursive: true });
try {
  execFileSync("docker", ["build", "-q", "--network", "host", "-t", image, path(".")], {
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const id = execFileSync("docker", ["image", "inspect", "-f", "{{.Id}}", image], { encoding: "utf8" }).trim();
  const rows = suites.map((suite) => {
    const profiles = profilesOf(suite);
    const runs = suite.parts.map((part) => [...suite.run, ...part]);
    if (suite.unittests !== undefined) runs.push(["python3", "-m", "unittest", "-v", ...suite.unittests]);
    const parts = runs.map((run) => compare(suite, run, profiles, id));
    for (const { broken, skipped, pinned, stderr } of parts) {
      if (broken.length > 0) say(`${suite.name} breaks: ${broken.join(" ")}\n${stderr}`);
      if (skipped.length > 0) say(`${suite.name} skips: ${skipped.join(" ")}`);
      if (pinned.length > 0) say(`${suite.name} by pins: ${pinned.join(" ")}`);
    }
    const total = (member) => parts.flatMap((each) => each[member]).length;
    const ok = parts.flatMap(({ plain }) => Object.values(plain.results).filter((word) => word === "ok")).length;
    return { name: suite.name, ok, broken: total("broken"), skipped: total("skipped"), pinned: total("pinned") };
  });
  const text = [
    `${measuredOn()}.`,
    "",
    "| suite | pass under Docker's default | fail under the profile | are skipped under it | of both, by pins |",
    "|---|---|---|---|---|",
    ...rows.map((row) => `| ${row.name} | ${row.ok} | ${row.broken} | ${row.skipped} | ${row.pinned} |`),
  ].join("\n");
  process.stdout.write(`${text}\n`);
  if (options.write && options.only === undefined) writeMeasured("test:suites", text);
  process.exitCode = rows.some(({ pinned }) => pinned > 0) ? 1 : 0;
} catch (error) {
  say(error.message);
  process.exitCode = 2;
}
