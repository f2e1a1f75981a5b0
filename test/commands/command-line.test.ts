import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../dist/cli.cjs", import.meta.url));

test.each([
  ["help", "check --help", 0],
  ["a message about the command line", "check --no-such-option 2>&1", 2],
])("%s does no harm if its reader goes away", (_, words, code) => {
  const { status, stderr } = spawnSync(
    "bash",
    ["-c", `'${process.execPath}' '${cli}' ${words} | (exec 0<&-; sleep 1); exit \${PIPESTATUS[0]}`],
    { encoding: "utf8" },
  );
  expect([status, stderr]).toEqual([code, ""]);
});

test.each([
  ["--while", "record"],
  ["--while", "verify profiles/nginx.json"],
  ["--exec", "record"],
])("an empty command for %s of %s is a mistake in the command line", (option, command) => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [cli, ...command.split(" "), option, " ", "--", "docker", "run", "no-such-image"],
    { encoding: "utf8" },
  );
  expect(status).toBe(2);
  expect(stderr).toContain("Not a command: it is empty.");
});

test.each(["--append", "--lean"])(
  "record refuses --force with %s, because --force would replace the recording of the untraced calls",
  (option) => {
    const { status, stderr } = spawnSync(process.execPath, [cli, "record", option, "--force", "--", "true"], {
      cwd: tmpdir(),
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([2, expect.stringContaining(`'--force' cannot be used with option '${option}'`)]);
  },
);

test.each([
  ["--allow nosuchcall", "--allow: there is no syscall nosuchcall"],
  ["--deny nosuchcall", "--deny: there is no syscall nosuchcall"],
  ["--against no-such.json", "cannot read no-such.json: no such file"],
])("record refuses %s before the program runs, because the recording would be lost", (option, why) => {
  const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-record-"));
  const { status, stderr } = spawnSync(
    process.execPath,
    [cli, "record", ...option.split(" "), "--", "touch", join(folder, "ran")],
    { cwd: folder, encoding: "utf8" },
  );
  expect([status, stderr]).toEqual([2, expect.stringContaining(why)]);
  expect(readdirSync(folder)).toEqual([]);
});

test("check says when a log stands where the profile should", () => {
  const log = join(mkdtempSync(join(tmpdir(), "seccomp-gen-check-")), "app.log");
  writeFileSync(log, "7 getpid() = 7\n");
  const { status, stderr } = spawnSync(process.execPath, [cli, "check", log, "profiles/nginx.json"], {
    encoding: "utf8",
  });
  expect(status).toBe(2);
  expect(stderr).toBe(
    `seccomp-gen: error: ${log} holds no profile, and the profile comes first\n  seccomp-gen ` +
      "check PROFILE TRACES… PROFILE is a file or a Docker version, e.g. 27.5.1\n",
  );
});

test("Ctrl-C ends the reading of a log", async () => {
  const child = spawn(process.execPath, [cli, "merge", "-"], { stdio: ["pipe", "ignore", "pipe"] });
  child.stdin.write("7 getpid() = 7\n");
  setTimeout(() => void child.kill("SIGINT"), 1000);
  expect(await once(child, "exit")).toEqual([null, "SIGINT"]);
});

test("--quiet leaves results, failures and exit codes", () => {
  const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-quiet-"));
  writeFileSync(join(folder, "app.log"), '7 execve("/bin/app", ["app"], 0x7ffd) = 0\n7 getpid() = 7\n');
  const run = (...words: readonly string[]): readonly [number | null, boolean, string] => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...words], { cwd: folder, encoding: "utf8" });
    return [status, stdout !== "", stderr];
  };
  const said = run("generate", "app.log", "-o", "app.json");
  expect(said).toEqual([0, false, expect.stringContaining("profile made") as string]);
  const loud = readFileSync(join(folder, "app.json"), "utf8");
  expect(run("generate", "app.log", "-o", "app.json", "--quiet")).toEqual([0, false, ""]);
  expect(readFileSync(join(folder, "app.json"), "utf8")).toBe(loud);
  expect(run("explain", "app.json", "-q")).toEqual([0, true, ""]);
  expect(run("lint", "no-such.json", "-q")).toEqual([2, false, expect.stringContaining("no such file") as string]);
});

test.each(["lint profiles/nginx.json", "generate app.log", "record -- true"])(
  "%s in a folder that was removed says so, and what to do",
  (words) => {
    const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-removed-"));
    const { status, stderr } = spawnSync("sh", ["-c", `rmdir "$PWD"; exec '${process.execPath}' '${cli}' ${words}`], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(status).toBe(2);
    expect(stderr).toContain("the current folder no longer exists");
    expect(stderr).not.toContain("bug in seccomp-gen");
  },
);

test("diff and explain name the calls that an agent decides on, and lint does not take them for denied", () => {
  const file = join(mkdtempSync(join(tmpdir(), "seccomp-gen-notify-")), "p.json");
  const syscalls = [
    { names: ["mount"], action: "SCMP_ACT_NOTIFY" },
    { names: ["kcmp"], action: "SCMP_ACT_LOG" },
  ];
  writeFileSync(file, JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", listenerPath: "/run/agent", syscalls }));
  const run = (...words: readonly string[]): string =>
    spawnSync(process.execPath, [cli, ...words, file], { encoding: "utf8" }).stdout;
  expect(run("diff", "20.10.24")).toMatch(/newly allowed \(2\)\n  allow and log: kcmp\n  ask the agent: mount\n/);
  expect(run("explain", "--format", "html")).toMatch(
    /an agent decides \(SCMP_ACT_NOTIFY\); Docker&#39;s default denies it/,
  );
  expect(run("diff", "20.10.24", "--format", "html")).toMatch(/newly allowed \(ask the agent\): look at it/);
  expect(run("lint")).toMatch(/does not deny on amd64 what Docker [\d.]+'s default denies: kcmp, mount/);
});

test("no more of standard input is read than a profile may have", () => {
  const { status, stderr } = spawnSync(process.execPath, [cli, "lint", "-"], {
    input: Buffer.alloc(5 * 1024 * 1024, 0x20),
    encoding: "utf8",
  });
  expect(status).toBe(2);
  expect(stderr).toContain("cannot read standard input: it has more than 4 MB");
});

test.each(["ctr", "crictl", "buildah", "nerdctl", "podman-compose", "kubectl", "helm", "k3s"])(
  "record refuses %s before running it, because record can ask no engine about its containers",
  (tool) => {
    const { status, stderr } = spawnSync(process.execPath, [cli, "record", "--", "timeout", "9", tool, "run", "app"], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([2, expect.stringContaining(`containers of ${tool} cannot be recorded`)]);
    expect(stderr).not.toContain("recording");
  },
);
