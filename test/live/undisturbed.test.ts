import { expect, test } from "vitest";
import { docker, product, workplace } from "../support/product.ts";

const base = "seccomp-gen-base:bookworm";

/** What a program can find out about itself. It must be the same while strace watches. Pids are not compared. */
const aboutItself = [
  'cut -d" " -f5-8 /proc/$$/stat; umask; pwd; ulimit -a',
  "for fd in /proc/$$/fd/*; do echo ${fd##*/}; done; readlink /proc/$$/exe; tr '\\0' '\\n' < " +
    "/proc/$$/environ | grep -v ^HOSTNAME; tr '\\0' ' ' < /proc/$$/cmdline",
  // Asked by the program that replaces the shell: the signals that a shell blocks change while it waits.
  "exec grep -E '^(Uid|Gid|Groups|Sig(Pnd|Blk|Ign|Cgt)|Shd|Cap...|NoNewPrivs|Seccomp):' /proc/self/status",
].join("\n");

test.each<[string, string[], number]>([
  [
    "a process knows the same of itself",
    ["--ulimit", "nofile=64", "-e", "a.b=c d", base, "bash", "-c", aboutItself],
    0,
  ],
  [
    "the first process has no children but its own",
    [base, "perl", "-e", 'exit 0 unless fork; 1 while wait > 0; print "all gone\n"'],
    0,
  ],
  [
    "the limit of processes is all the workload's",
    ["--pids-limit", "3", base, "sh", "-c", "sleep 0 & wait; echo two"],
    0,
  ],
  ["LD_PRELOAD is the workload's", ["-e", "LD_PRELOAD=libm.so.6", base, "sh", "-c", "grep -c libm /proc/$$/maps"], 0],
  ["bytes on standard output pass unchanged", [base, "head", "-c", "5000", "/usr/bin/perl"], 0],
  ["a program that kills itself ends with the same exit code", ["--init", base, "sh", "-c", "kill -KILL $$"], 137],
  // A traced first process does not die from its own faults. strace must let it go.
  [
    "a first process that faults ends with the same exit code",
    [base, "perl", "-e", '$| = 1; print "before\n"; print unpack("p", pack("J", 8))'],
    139,
  ],
  [
    "a first process that aborts ends with the same exit code",
    [base, "perl", "-MPOSIX", "-e", '$| = 1; print "before\n"; POSIX::abort()'],
    139,
  ],
  [
    "a fault of another process is told to its parent",
    [base, "sh", "-c", 'perl -e \'print unpack("p", pack("J", 8))\'; echo $?'],
    0,
  ],
  [
    "a program with the least privilege ends with its own exit code",
    [
      "--user",
      "nobody",
      "--read-only",
      "--cap-drop",
      "ALL",
      "--security-opt",
      "no-new-privileges",
      "--tmpfs",
      "/tmp",
      base,
      "sh",
      "-c",
      "id; cat /.seccomp-gen/out/* 2>&1 | wc -c; exit 5",
    ],
    5,
  ],
])("%s", async (_, words, exitCode) => {
  const run = ["run", "--rm", "--network", "none", ...words];
  const bare = await docker(...run);
  expect(bare.exitCode, bare.stderr).toBe(exitCode);
  const recorded = await product(await workplace(), ["record", "--name", "app", "--", "docker", ...run]);
  expect(recorded.exitCode, recorded.stderr).toBe(exitCode);
  if (!words.includes("--read-only")) expect(recorded.stdout).toBe(bare.stdout);
});
