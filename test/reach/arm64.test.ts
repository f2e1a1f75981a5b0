import { beforeEach, describe, expect, test } from "vitest";
import { build, names, needs, reachOfFile, strip, summaryOf } from "./toolchain.ts";

const inline = `
static long call1(long n, long a) {
  register long x8 __asm__("x8") = n; register long x0 __asm__("x0") = a;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8) : "memory"); return x0;
}
static void quit(void) { call1(93, 0); __builtin_unreachable(); }
`;
const start = "void _start(void) { run(); quit(); }";

describe("numbers of calls on aarch64", () => {
  beforeEach(needs("aarch64-linux-gnu-gcc"));

  describe.each(["-O0", "-O1", "-O2", "-O3"])("%s", (level) => {
    const path = (source: string): string =>
      build("aarch64-linux-gnu-gcc", inline + source + start, "-nostdlib", "-static", "-fno-stack-protector", level);
    const reachOf = (source: string): ReturnType<typeof reachOfFile> => reachOfFile(path(source));

    test("a constant, and a wrapper that gets the number passed", () => {
      const reach = reachOf(`
        __attribute__((noinline)) long forward(long n, long a) { return call1(n, a); }
        void run(void) { call1(172, 0); forward(174, 0); forward(176, 0); }`);
      expect(names(reach)).toEqual(["exit", "getgid", "getpid", "getuid"]);
      expect(reach.open).toEqual([]);
    });

    test("one of two numbers", () => {
      const reach = reachOf("volatile int x; void run(void) { call1(x ? 174 : 176, 0); }");
      expect(names(reach)).toEqual(["exit", "getgid", "getuid"]);
      expect(reach.open).toEqual([]);
    });

    test("pointers in data count, unreached functions do not", () => {
      const source = `
        void never(void) { call1(142, 0); }
        static void later(void) { call1(172, 0); }
        void (*volatile table[])(void) = { later };
        void run(void) { table[0](); }`;
      expect(names(reachOf(source))).toEqual(["exit", "getpid"]);
      expect(names(reachOfFile(strip(path(source))))).toEqual(["exit", "getpid"]);
    });

    test("a pointer that code takes with adrp and add", () => {
      const reach = reachOf(`
        static void later(void) { call1(172, 0); }
        void (*volatile where)(void);
        void run(void) { where = later; where(); }`);
      expect(names(reach)).toEqual(["exit", "getpid"]);
    });

    test("a number from anywhere is open", () => {
      const reach = reachOf("char **volatile argv; void run(void) { call1((long)argv[1][0], 0); }");
      expect(reach.open).toHaveLength(1);
    });
  });

  test("glibc has no open site", () => {
    const { sites, limits } = summaryOf("/usr/aarch64-linux-gnu/lib/libc.so.6");
    expect(sites.all).toBeGreaterThan(480);
    expect(sites.open).toBe(0);
    expect(limits).toEqual([]);
  });

  test("signal handlers return through the kernel's vDSO", () => {
    const program = build(
      "aarch64-linux-gnu-gcc",
      "#include <signal.h>\nint main(void) { signal(SIGUSR1, SIG_IGN); return 0; }",
    );
    const reach = reachOfFile(
      program,
      "/usr/aarch64-linux-gnu/lib/libc.so.6",
      "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1",
    );
    expect(names(reach)).toEqual(expect.arrayContaining(["rt_sigaction", "rt_sigreturn", "exit_group"]));
    expect(names(reach)).not.toContain("ptrace");
    expect(reach.open).toEqual([]);
  });
});
