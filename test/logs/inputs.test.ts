import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { check } from "../../src/commands/check.ts";
import { generate, merge } from "../../src/commands/generate.ts";
import type { Terminal } from "../../src/project/terminal/terminal.ts";
import { generateOptions } from "../support/options.ts";

let folder = "";
let out = "";
let notes: string[] = [];
const terminal: Terminal = {
  out: (text) => (out += text),
  note: (line) => notes.push(line),
  status: undefined,
  color: false,
  width: 80,
  interrupted: new AbortController().signal,
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seccomp-gen-inputs-"));
  out = "";
  notes = [];
});

function file(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

async function recordingOf(path: string, arch = "amd64"): Promise<Record<string, Record<string, unknown>>> {
  out = "";
  await merge([path], { output: undefined, name: "app", arch }, terminal);
  return (JSON.parse(out) as { syscalls: Record<string, Record<string, unknown>> }).syscalls;
}

async function profileOf(path: string, arch = "amd64"): Promise<string> {
  out = "";
  expect(await generate([path], { ...generateOptions, name: "app", arch }, terminal)).toBe(0);
  return out;
}

const started = ['execve("/bin/app", ["app"], 0x1) = 0', "brk(NULL) = 0x1000"];

describe("a log of a 32-bit machine", () => {
  test.each([
    ["arm", "SCMP_ARCH_ARM", "set_tls(0xf7b2) = 0"],
    ["armv7l", "SCMP_ARCH_ARM", "cacheflush(0x1, 0x2, 0) = 0"],
    ["i386", "SCMP_ARCH_X86", "set_thread_area({entry_number=-1}) = 0"],
    ["mips", "SCMP_ARCH_MIPS", "set_thread_area(0x77f) = 0"],
    ["mipsel", "SCMP_ARCH_MIPSEL", "fstat64(3, {st_size=1}) = 0"],
    ["mips64n32", "SCMP_ARCH_MIPS64N32", "newfstatat(3, {st_size=1}) = 0"],
    ["ppc", "SCMP_ARCH_PPC", "fstat64(3, {st_size=1}) = 0"],
    ["s390", "SCMP_ARCH_S390", "fstat64(3, {st_size=1}) = 0"],
    ["m68k", "SCMP_ARCH_M68K", "get_thread_area() = 0"],
    ["sh4", "SCMP_ARCH_SH", "fstat64(3, {st_size=1}) = 0"],
    ["hppa", "SCMP_ARCH_PARISC", "fstat64(3, {st_size=1}) = 0"],
  ])("is read with --arch %s", async (arch, token, own) => {
    const log = file("log", ...started, own, "mprotect(0xf7b2, 8192, PROT_READ) = 0", "exit_group(0) = ?");
    const syscalls = await recordingOf(log, arch);
    expect(Object.keys(syscalls)).toEqual([token]);
    expect(Object.keys(syscalls[token] ?? {})).toEqual(
      ["brk", "execve", "exit_group", "mprotect", own.slice(0, own.indexOf("("))].sort(),
    );
    const profile = JSON.parse(await profileOf(log, arch)) as { architectures: string[] };
    // Beside it, the 64-bit machine that may run it (test/commands/other-machines.test.ts).
    expect(profile.architectures.at(-1)).toBe(token);
  });

  test("has requests and options of its own numbers on some machines: symbols of theirs say nothing", async () => {
    const calls = ["ioctl(1, TCGETS, 0x1) = 0", "ioctl(1, 0x540d, 0x1) = 0", "socket(AF_INET, SOCK_STREAM, 0) = 3"];
    const log = file("log", ...started, ...calls);
    expect((await recordingOf(log, "mips"))["SCMP_ARCH_MIPS"]).toMatchObject({
      ioctl: { args: { values: [[0x540d], [null]] } },
      // SOCK_STREAM is 2 there.
      socket: { args: { values: [[2, null, 0]] } },
    });
    expect((await recordingOf(log, "arm"))["SCMP_ARCH_ARM"]).toMatchObject({
      ioctl: { args: { values: [[0x5401], [0x540d]] } },
    });
  });

  test("names the machines it may be of where --arch was forgotten", async () => {
    const log = file(
      "log",
      ...started,
      "mmap2(NULL, 1, PROT_READ, 0, 3, 0) = 0x1",
      "set_tls(0xf7) = 0",
      "_llseek(3, 0) = 0",
    );
    await expect(profileOf(log)).rejects.toThrow(/amd64 has no call _llseek, mmap2, set_tls: .* another architecture/);
    await expect(profileOf(log)).rejects.toMatchObject({ todo: expect.stringContaining("--arch arm") as string });
    await expect(
      check(file("p.json", '{"defaultAction":"SCMP_ACT_ERRNO"}'), [log], { format: "text", arch: "amd64" }, terminal),
    ).rejects.toThrow(/amd64 has no call/);
  });

  test("is none where its lines name modes: that is the 64-bit machine's", async () => {
    const log = file("log", "[ Process PID=7 runs in 32 bit mode. ]", ...started);
    await expect(recordingOf(log, "i386")).rejects.toMatchObject({
      todo: expect.stringContaining("--arch amd64") as string,
    });
    expect(Object.keys(await recordingOf(log, "amd64"))).toContain("SCMP_ARCH_X86");
  });

  test("a call that the architecture does not have was denied by nobody", async () => {
    const recording = file(
      "recording.json",
      '{"version":1,"name":"a","runs":[{"source":"log","command":[],"versions":{},"ended":"exited"}],"syscalls":' +
        '{"SCMP_ARCH_X86_64":{"set_tls":{"calls":1,"results":["ok"],"processes":["a"]}}}}',
    );
    await profileOf(recording);
    expect(notes.join("\n")).not.toContain("denied by");
    expect(notes.join("\n")).toContain("no profile can name it: set_tls");
  });
});

describe("a log of strace 4.x", () => {
  test("has the request of a terminal where it names all with the same lower half", async () => {
    const log = file("log", ...started, "ioctl(0, SNDCTL_TMR_STOP or TCSETSW, {B38400 opost isig}) = 0");
    expect((await recordingOf(log))["SCMP_ARCH_X86_64"]?.["ioctl"]).toMatchObject({ args: { values: [[0x5403]] } });
  });

  test("has other names for calls and families", async () => {
    const log = file(
      "log",
      ...started,
      'pread(3, "a", 1, 0) = 1',
      'pwrite(3, "a", 1, 0) = 1',
      'umount("/mnt", MNT_DETACH) = 0',
      "SYS_318(0x7ffc, 8, 0) = 8",
      "socket(PF_LOCAL, SOCK_STREAM, 0) = 3",
      "socket(PF_INET6, SOCK_DGRAM, IPPROTO_IP) = 3",
      "_exit(0) = ?",
    );
    const calls = (await recordingOf(log))["SCMP_ARCH_X86_64"] ?? {};
    expect(Object.keys(calls)).toEqual(
      ["brk", "execve", "exit", "getrandom", "pread64", "pwrite64", "socket", "umount2"].sort(),
    );
    expect(calls["socket"]).toMatchObject({
      args: {
        values: [
          [1, 1, 0],
          [10, 2, 0],
        ],
      },
    });
  });

  test("has names of its own on 32-bit machines", async () => {
    const log = file("log", ...started, "oldselect(0) = 0", "old_mmap(0x1) = 0x2", "old_getrlimit(3, 0x1) = 0");
    expect(Object.keys((await recordingOf(log, "i386"))["SCMP_ARCH_X86"] ?? {})).toEqual(
      expect.arrayContaining(["select", "mmap", "getrlimit"]),
    );
    const arm = file("arm", ...started, "select(0) = 0", "getrlimit(3, 0x1) = 0", "set_tls(1) = 0");
    expect(Object.keys((await recordingOf(arm, "arm"))["SCMP_ARCH_ARM"] ?? {})).toEqual(
      expect.arrayContaining(["_newselect", "ugetrlimit"]),
    );
  });
});

test("a failure as qemu -strace writes it is none of strace's successes, also late in a log", async () => {
  const head = Array.from({ length: 5000 }, () => "brk(NULL) = 0x1000");
  const failed = "socket(AF_VSOCK, SOCK_STREAM, 0) = -1 errno=97 (Address family not supported)";
  const log = file("log", ...started, ...head, failed, "exit_group(0) = ?");
  expect((await recordingOf(log))["SCMP_ARCH_X86_64"]).toMatchObject({ socket: { results: ["errno 97"] } });
});

test("a log of a container client says that it holds none of the container's calls", async () => {
  const start = 'execve("/usr/bin/docker", ["docker", "run", "app"], 0x7ffc) = 0';
  const asked = 'connect(3, {sa_family=AF_UNIX, sun_path="/var/run/docker.sock"}, 23) = 0';
  notes = [];
  await recordingOf(file("log", start, asked, "brk(0) = 1", "exit_group(0) = ?"));
  expect(notes.join("\n")).toContain("docker ran and asked its engine: the log holds the client's calls");
  notes = [];
  await recordingOf(file("log", start, "brk(0) = 1", "exit_group(0) = ?"));
  expect(notes.join("\n")).not.toContain("asked its engine");
});

test("a call whose result stands behind many printed lines is a call, and its lines are named", async () => {
  const log = file(
    "log",
    ...started,
    String.raw`writev(1, [{iov_base="a\nb\nc\n"}], 1a`,
    "b",
    "c",
    ")      = 6",
    "brk(0) = 1",
  );
  expect(Object.keys((await recordingOf(log))["SCMP_ARCH_X86_64"] ?? {})).toContain("writev");
});

describe("a log without its program's start", () => {
  const whole = (): string => {
    const path = join(folder, "whole.log");
    execFileSync("strace", ["-f", "-o", path, "python3", "-c", "import socket; socket.socket()"], { stdio: "ignore" });
    return path;
  };
  const denied = async (profile: string, log: string): Promise<string> => {
    out = "";
    await check(file("profile.json", profile), [log], { format: "text", arch: "amd64" }, terminal);
    return out;
  };
  const lines = (path: string): readonly string[] => readFileSync(path, "utf8").trimEnd().split("\n");
  const start = (path: string): string => {
    const all = lines(path);
    return file("start.log", ...all.slice(0, all.findIndex((line) => line.includes("rseq(")) + 6));
  };

  test("says so, and its profile lets a program start", async () => {
    const log = whole();
    const tail = file("tail.log", ...lines(log).slice(-40));
    const profile = await profileOf(tail);
    expect(notes.join("\n")).toMatch(/tail\.log: the log lacks the program's start, as it begins with \w+/);
    expect(notes.join("\n")).toContain("allows the calls that loaders and C libraries make there");
    expect(await denied(profile, start(log))).toMatch(/allows every recorded call/);
  });

  test.each(["network", "file", "openat,execve", "memory,process"])(
    "is one of strace -e trace=%s too",
    async (calls) => {
      const log = whole();
      const path = join(folder, "some.log");
      execFileSync("strace", [
        "-f",
        "-e",
        `trace=${calls}`,
        "-o",
        path,
        "python3",
        "-c",
        "import socket; socket.socket()",
      ]);
      const profile = await profileOf(path);
      expect(notes.join("\n")).toContain("allows the calls that loaders and C libraries make there");
      expect(await denied(profile, start(log))).toMatch(/allows every recorded call/);
    },
  );

  test("is none that holds it, whatever it is called with", async () => {
    await profileOf(whole());
    expect(notes.join("\n")).not.toContain("start");
  });

  test("is told of each run, whatever other run has its start", async () => {
    const whole = file("a.log", ...started, "exit_group(0) = ?");
    const attached = file("b.log", "8 getpid() = 8");
    const thread = file("c.9", "9 getppid() = 8");
    out = "";
    await generate([whole, attached, thread], { ...generateOptions, name: "app", arch: "amd64" }, terminal);
    const said = notes.join("\n");
    expect(said).not.toContain(`${whole}: `);
    expect(said).toContain(`${attached}: the log lacks the program's start, as it begins with getpid`);
    expect(said).toContain(`${thread}: the log lacks the program's start, as it begins with getppid`);
    expect(said).toContain("allows the calls that loaders and C libraries make there");
  });

  test("keeps the fact in the recording", async () => {
    await recordingOf(file("log", "7 poll([{fd=3}], 1, 500) = 0 (Timeout)"));
    const kept = file("kept.json", out.trimEnd());
    expect(out).toContain('"withoutStart":true');
    notes = [];
    await profileOf(kept);
    expect(notes.join("\n")).toContain("allows the calls that loaders and C libraries make there");
  });
});

describe("a folder of logs", () => {
  test("is the set that strace -ff wrote", async () => {
    mkdirSync(join(folder, "logs"));
    execFileSync("strace", ["-ff", "-o", join(folder, "logs/log"), "sh", "-c", "ls / >/dev/null; id -u"], {
      stdio: "ignore",
    });
    file("logs/log.99999", "+++ killed by SIGKILL +++");
    const calls = (await recordingOf(join(folder, "logs")))["SCMP_ARCH_X86_64"] ?? {};
    expect(Object.keys(calls)).toEqual(expect.arrayContaining(["execve", "getdents64", "wait4"]));
    expect(notes).toEqual([]);
    expect(out).not.toContain("withoutStart");
  });

  test("may be packed", async () => {
    mkdirSync(join(folder, "logs"));
    const pack = (name: string, ...lines: readonly string[]): void =>
      writeFileSync(join(folder, "logs", name), gzipSync(lines.map((line) => `${line}\n`).join("")));
    pack("log.7.gz", ...started, "clone(child_stack=NULL, flags=SIGCHLD) = 8", "wait4(8, NULL, 0, NULL) = 8");
    pack("log.8.gz", "getpid() = 8");
    await recordingOf(join(folder, "logs"));
    expect(notes).toEqual([]);
  });

  test("with a recording is that recording", async () => {
    const log = file("app.log", ...started);
    await merge([log], { output: join(folder, "kept/recording.json"), name: "app", arch: "amd64" }, terminal);
    file("kept/policy.json", "{}");
    expect(Object.keys((await recordingOf(join(folder, "kept")))["SCMP_ARCH_X86_64"] ?? {})).toEqual(["brk", "execve"]);
  });

  test("without files is a mistake that is named", async () => {
    mkdirSync(join(folder, "empty"));
    await expect(recordingOf(join(folder, "empty"))).rejects.toThrow(/empty: the folder holds no files/);
  });
});

describe("a recording is read no further than one can go", () => {
  test.each(["recording.json", "recording.json.gz"])("%s", async (name) => {
    const text = `{"version": 1, ${" ".repeat(5_000_000)}`;
    const path = join(folder, name);
    writeFileSync(path, name.endsWith(".gz") ? gzipSync(text) : text);
    await expect(recordingOf(path)).rejects.toThrow(/it has more than 4 MB, and no profile and no recording has/);
  });
});

describe("a log's bytes", () => {
  const text = [...started, "getpid() = 7", "exit_group(0) = ?", ""].join("\r\n");
  const utf16 = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0xff, 0xfe]), bytes]);
  const packed = (tool: string): Buffer => execFileSync(tool, ["-c"], { input: text });
  const written = (name: string, bytes: Buffer): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };

  test.each<[string, () => Buffer]>([
    ["UTF-16, as PowerShell writes it", () => utf16(Buffer.from(text, "utf16le"))],
    ["UTF-16 without a byte order mark", () => Buffer.from(text, "utf16le")],
    ["UTF-16 of the other byte order, packed", () => gzipSync(utf16(Buffer.from(text, "utf16le")).swap16())],
    ["UTF-8 with a byte order mark", () => Buffer.from(`\ufeff${text}`)],
    ["lzma", () => execFileSync("xz", ["--format=lzma", "-c"], { input: text })],
    ["xz", () => packed("xz")],
  ])("are read whole: %s", async (_, bytes) => {
    const calls = (await recordingOf(written("log", bytes())))["SCMP_ARCH_X86_64"] ?? {};
    expect(Object.keys(calls)).toEqual(["brk", "execve", "exit_group", "getpid"]);
    expect(notes).toEqual([]);
  });

  test("of an archive, or cut off, are refused with what they are", async () => {
    execFileSync("tar", ["cf", join(folder, "logs.tar"), "-C", folder, basename(file("in-tar.log", text))]);
    await expect(recordingOf(join(folder, "logs.tar"))).rejects.toThrow(/it is an archive \(tar, zip\)/);
    await expect(recordingOf(written("cut.gz", gzipSync(text).subarray(0, 40)))).rejects.toThrow(/cut off or damaged/);
    await expect(recordingOf(written("cut.xz", packed("xz").subarray(0, 60)))).rejects.toThrow(/cut off or damaged/);
  });

  test("that hold only the end of a program are no log of a start", async () => {
    const log = file("log", "+++ exited with 0 +++");
    await expect(recordingOf(log)).rejects.toThrow(/log has no readable system call: it has only ends of programs/);
    const signal = file("signal", "7 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER} ---");
    await expect(recordingOf(signal)).rejects.toThrow(/has no readable system call: it has only .*signals/);
  });

  test("that are none are no log", async () => {
    await expect(recordingOf(file("empty.log"))).rejects.toThrow(/empty\.log has no readable system call: it is empty/);
    await expect(recordingOf("/dev/null")).rejects.toThrow(/cannot read \/dev\/null: it is a device or a socket/);
  });
});

describe("what a log does not say is told", () => {
  test("every line that was not read, by reason", async () => {
    const noise = Array.from({ length: 30 }, (_, index) => `noise ${index}`);
    await recordingOf(file("log", ...started, ...noise, "getpid() = 7", "more noise"));
    expect(notes).toContain(`${folder}/log:3-32,34: not read: not a line of strace`);
    expect(notes).toContain(`${folder}/log: 31 lines were not read`);
  });

  test("a thread that was killed where it entered the kernel made no call", async () => {
    await recordingOf(
      file(
        "log",
        ...started.map((line) => `1 ${line}`),
        "2 ???( <unfinished ...>",
        "2 <... ??? resumed>) = ?",
        "3 ???() = ?",
        "4 ????( <unfinished ...>",
        "1 exit_group(0) = ?",
      ),
    );
    expect(notes).toEqual([]);
    await recordingOf(file("log", ...started, "???() = 0"));
    expect(notes.join("\n")).toContain("log:3: not read: strace could not tell which call this is");
  });

  test("arguments that could not be read, and what stays open for it", async () => {
    const log = file("log", ...started, "clone(child_stack=NULL, flags=CLONE_SOMETHING_NEW|SIGCHLD) = 8");
    await profileOf(log);
    expect(notes).toContain(`${log}: arguments that could not be read, so they are not pinned: clone (line 3)`);
    expect(notes.join("\n")).toMatch(/NOT PINNED: clone \(an argument could not be read\)/);
  });

  test.each([
    ["CLONE_UNTRACED", "clone(child_stack=0x1, flags=CLONE_UNTRACED|SIGCHLD) = 8"],
    ["CLONE_UNTRACED", "clone3({flags=CLONE_VM|CLONE_UNTRACED, exit_signal=SIGCHLD} => {parent_tid=[8]}, 88) = 8"],
    ["ptrace", "ptrace(PTRACE_TRACEME) = -1 EPERM (Operation not permitted)"],
    ["ptrace", "ptrace(PTRACE_SEIZE, 8, NULL, 0) = 0"],
    ["SIGSYS", "--- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP} ---"],
    ["SIGSYS", "+++ killed by SIGSYS +++"],
  ])("%s: what strace could not see (%s)", async (word, line) => {
    await recordingOf(file("log", ...started, line));
    expect(notes.join("\n")).toMatch(new RegExp(`log:3: .*${word}.*the log lacks what`));
  });

  test("none of it where nothing was hidden", async () => {
    await recordingOf(
      file(
        "log",
        ...[
          ...started,
          "clone(child_stack=NULL, flags=CLONE_VM|SIGCHLD) = 8",
          "ptrace(PTRACE_DETACH, 8, NULL, SIG_0) = 0",
          "exit_group(0) = ?",
        ].map((line) => `7 ${line}`),
      ),
    );
    expect(notes).toEqual([]);
  });

  test("a call that never returned shows what it was called with; the last word of a cut log may be half", async () => {
    const inside = "1 socket(AF_UNIX, SOCK_DGRAM, 0 <unfinished ...>";
    const calls = [...started.map((line) => `1 ${line}`), inside, "2 ioctl(1, TIOCGWINSZ <unfinished ...>"];
    const log = file("log", ...calls);
    writeFileSync(log, `${readFileSync(log, "utf8")}3 socket(AF_INET6, SOCK_ST`);
    expect((await recordingOf(log))["SCMP_ARCH_X86_64"]).toMatchObject({
      ioctl: { args: { values: [[0x5413]] } },
      socket: {
        args: {
          values: [
            [1, 2, 0],
            [10, null, null],
          ],
        },
      },
    });
  });

  const traced = (name: string, ...options: readonly string[]): string => {
    const path = join(folder, name);
    mkdirSync(join(path, ".."), { recursive: true });
    execFileSync("strace", [...options, "-o", path, "sh", "-c", "cat /etc/passwd; (id -u) | cat"], { stdio: "ignore" });
    return path;
  };

  test("strace without -f follows no child; with -f or -ff there is nothing to tell", async () => {
    await recordingOf(traced("followed.log", "-f", "-qq"));
    await recordingOf(join(traced("ff/log", "-ff"), ".."));
    expect(notes).toEqual([]);
    await recordingOf(traced("alone.log"));
    expect(notes).toEqual([
      expect.stringMatching(/alone\.log:\d+: strace followed no child \(it ran without -f\): the log lacks what/),
    ]);
  });

  test("strace -b execve leaves the programs that processes start", async () => {
    await recordingOf(traced("left.log", "-f", "-b", "execve"));
    expect(notes.join("\n")).toMatch(/left\.log:\d+: strace left a process where it started another program/);
  });

  test("the end of the log is missing", async () => {
    const lines = readFileSync(traced("whole.log", "-f"), "utf8").split("\n");
    const cut = file("cut.log", ...lines.slice(0, lines.findIndex((line) => line.includes("/etc/passwd")) + 9));
    await recordingOf(cut);
    expect(notes.join("\n")).toContain("cut.log: the log ends before its program does");
    notes = [];
    // text of others behind the last line ends no program, but a summary of -C is strace's own
    await recordingOf(file("said.log", ...lines.slice(0, -1), "$ "));
    await recordingOf(traced("summary.log", "-f", "-C"));
    expect(notes.join("\n")).not.toContain("ends before");
  });
});
