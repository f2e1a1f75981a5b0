import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import glob from "fast-glob";

const folder = fileURLToPath(new URL("../corpus/strace/", import.meta.url));
const logs = glob
  .sync("*.txt", { cwd: folder })
  .sort()
  .map(
    (file) =>
      readFileSync(folder + file, "utf8")
        .split("\n=== log ===\n")[1]
        ?.split("\n=== events ===\n")[0] ?? "",
  );
const lines = logs.flatMap((log) => log.split("\n"));

/** Lines of strace, whole, cut or doubled, between bytes of any kind. */
export const anyLog = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...lines) },
      {
        weight: 2,
        arbitrary: fc.tuple(fc.constantFrom(...lines), fc.nat(80)).map(([line, end]) => line.slice(0, end)),
      },
      { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
      {
        weight: 1,
        arbitrary: fc
          .array(
            fc.constantFrom(
              "(",
              ")",
              '"',
              "\\",
              "<",
              ">",
              "{",
              "[",
              "]",
              "}",
              "=",
              " ",
              ",",
              "-1",
              "7",
              "...",
              "<unfinished ...>",
              "resumed>",
              "read",
            ),
            { maxLength: 20 },
          )
          .map((parts) => parts.join("")),
      },
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.from(parts.join("\n"), "latin1"));

const calls = [
  "getpid() = 7",
  "getpid() = 7 (INJECTED)",
  'read(3, "a, b", 9) = 4',
  'read(3, "", 9) = 0',
  "read(3, 0x1, 9) = -1 EAGAIN (Resource temporarily unavailable)",
  "close(4) = -1 EBADF (Bad file descriptor)",
  "close(4) = -1 EBADF (Bad file descriptor) (INJECTED)",
  "mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = 0x7f0000000000",
  "mmap(NULL, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE, 3, 0) = 0x7f0000000000",
  "mmap(NULL, 4096, 0x5 /* PROT_READ|PROT_EXEC */, MAP_PRIVATE, 3, 0) = 0x7f0000000000",
  "mprotect(0x7f0000000000, 4096, PROT_READ) = 0",
  "fcntl(3, F_GETFL) = 0x8002 (flags O_RDWR|O_LARGEFILE)",
  "fcntl(3, F_GETFL) = -1 EBADF (Bad file descriptor)",
  "fcntl(3, F_SETFD, FD_CLOEXEC) = 0",
  "ioctl(1, TCGETS, {c_iflag=ICRNL}) = 0",
  "ioctl(1</dev/pts/0>, TCGETS, {c_iflag=ICRNL}) = 0",
  "socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3",
  "socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 3</run/x>",
  "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0",
  'prctl(PR_SET_NAME, "a") = 0',
  "futex(0x7f0000000000, FUTEX_WAIT_PRIVATE, 1, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)",
  "getuid() = 0",
  "getuid() = 1000",
  'execve("/bin/a", ["a"], 0x1) = 0',
  'execve("/bin/b", ["b"], 0x1) = 0',
  'execve("/bin/c", ["c"], 0x1) = -1 ENOENT (No such file or directory)',
  "clone(child_stack=NULL, flags=SIGCHLD) = 8",
  "vfork() = 9",
  "fork() = 7",
  "exit_group(0) = ?",
  "sched_getaffinity(0, 8, [0]) = 8",
  "syscall_0x1ff(0x1) = -1 ENOSYS (Function not implemented)",
  "reboot(0x1) = 169",
];
const others = [
  "+++ exited with 0 +++",
  "+++ killed by SIGSYS (core dumped) +++",
  "+++ superseded by execve in pid 8 +++",
  "--- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP} ---",
  "--- SIGCHLD {si_signo=SIGCHLD} ---",
  "[ Process PID=8 runs in 32 bit mode. ]",
  "",
  "garbage",
  ") = 0",
  'read(3, "", 9strace: Process 8 attached',
  "\u001b[1mgetpid\u001b[0m() = 7",
  "getpid() = 7\r",
  "read(3, <unfinished",
];

/**
 * A log of few threads that repeat few calls, with strace's columns. Calls are whole, or in halves that are cut
 * anywhere between arguments.
 */
export const busyLog = fc
  .tuple(fc.subarray(calls, { minLength: 1, maxLength: 6 }), fc.subarray(others, { minLength: 1, maxLength: 4 }))
  .chain(([made, happened]) =>
    fc.record({
      columns: fc.constantFrom("", "[  39] ", "12:34:56.123456 ", "12:34:56 ", "1700000000.123456 ", "     0.000123 "),
      duration: fc.constantFrom("", " <0.000012>"),
      pidColumn: fc.constantFrom("%", "[pid %] ", "%  "),
      steps: fc.array(
        fc.record({
          pid: fc.constantFrom("", "7", "7", "7", "8", "12345"),
          text: fc.oneof(
            { weight: 8, arbitrary: fc.constantFrom(...made) },
            { weight: 1, arbitrary: fc.constantFrom(...happened) },
          ),
          cut: fc.option(fc.nat(24)),
        }),
        { maxLength: 120 },
      ),
    }),
  )
  .map(({ columns, duration, pidColumn, steps }) => {
    const open = new Map<string, string>();
    const lines: string[] = [];
    for (const { pid, text, cut } of steps) {
      const before = `${pid === "" ? "" : pidColumn.replace("%", pid)}${columns}`;
      const rest = open.get(pid);
      open.delete(pid);
      if (rest !== undefined) lines.push(`${before}${rest}${duration}`);
      const name = /^(\w+)\(.*\) = /.exec(text)?.[1];
      const commas = [...text.matchAll(/,/g)].map(({ index }) => index + 1);
      const place = cut === null || name === undefined ? undefined : cut > 12 ? name.length + cut - 12 : commas[cut];
      if (place === undefined || place > text.lastIndexOf(")"))
        lines.push(`${before}${text}${name === undefined ? "" : duration}`);
      else {
        lines.push(`${before}${text.slice(0, place)} <unfinished ...>`);
        open.set(pid, `<... ${name} resumed>${text.slice(place)}`);
      }
    }
    return Buffer.from(`${lines.join("\n")}\n`, "latin1");
  });
