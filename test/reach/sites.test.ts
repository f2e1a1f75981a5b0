import { beforeEach, describe, expect, test } from "vitest";
import { build, names, needs, needsX64, reachOfFile, strip } from "./toolchain.ts";

beforeEach(needsX64);
beforeEach(needs("gcc"));

/** There is no C library, so each program makes exactly the calls of its source. `exit` ends it. */
const bare = ["-nostdlib", "-static", "-fno-stack-protector", "-fcf-protection=none"];
const inline = `
static long call1(long n, long a) {
  long r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a) : "rcx", "r11", "memory");
  return r;
}
static void quit(void) { call1(60, 0); __builtin_unreachable(); }
`;
const start = "void _start(void) { run(); quit(); }";

const levels = ["-O0", "-O1", "-O2", "-O3", "-Os"];

describe("numbers of calls on x86-64", () => {
  describe.each(levels)("%s", (level) => {
    const reachOf = (source: string, ...flags: readonly string[]): ReturnType<typeof reachOfFile> =>
      reachOfFile(build("gcc", inline + source + start, ...bare, level, ...flags));

    test("a constant, and a wrapper that gets the number passed", () => {
      const reach = reachOf(`
        __attribute__((noinline)) long forward(long n, long a) { return call1(n, a); }
        void run(void) { call1(39, 0); forward(96, 0); forward(102, 0); }`);
      expect(names(reach)).toEqual(["exit", "getpid", "gettimeofday", "getuid"]);
      expect(reach.open).toEqual([]);
    });

    test("one of two numbers, chosen at run time", () => {
      const reach = reachOf("volatile int x; void run(void) { call1(x ? 102 : 104, 0); }");
      expect(names(reach)).toEqual(["exit", "getgid", "getuid"]);
      expect(reach.open).toEqual([]);
    });

    test("a number in a switch with a jump table", () => {
      const cases = [39, 102, 104, 107, 108, 110, 111, 186]
        .map((number, i) => `case ${i}: call1(${number}, ${i}); keep(${i}); break;`)
        .join(" ");
      const reach = reachOf(`
        volatile int x;
        __attribute__((noinline)) void keep(int i) { x = i; }
        void run(void) { switch (x) { ${cases} } }`);
      expect(names(reach)).toEqual([
        "exit",
        "getegid",
        "geteuid",
        "getgid",
        "getpgrp",
        "getpid",
        "getppid",
        "gettid",
        "getuid",
      ]);
      expect(reach.open).toEqual([]);
    });

    test("a number that is kept in a structure on the stack and read behind a pointer (glibc's setxid)", () => {
      const reach = reachOf(`
        struct command { int number; long arg; };
        static struct command *volatile shared;
        __attribute__((noinline)) void handler(void) { struct command *c = shared; call1(c->number, c->arg); }
        __attribute__((noinline)) void everywhere(struct command *c) {
          shared = c;
          handler();
          call1(c->number, c->arg);
        }
        void run(void) {
          struct command c = { 105, 1 };
          everywhere(&c);
          struct command d = { 106, 1 };
          everywhere(&d);
        }`);
      expect(names(reach)).toEqual(["exit", "setgid", "setuid"]);
      expect(reach.open).toEqual([]);
    });

    test("a callback with its context (musl's __synccall)", () => {
      const reach = reachOf(`
        struct context { long number; };
        static void (*volatile callback)(void *);
        __attribute__((noinline)) void on_all(void (*f)(void *), void *p) { callback = f; f(p); }
        static void one(void *p) { call1(((struct context *)p)->number, 0); }
        void run(void) { struct context c = { 117 }; on_all(one, &c); }`);
      expect(names(reach)).toEqual(["exit", "setresuid"]);
    });

    describe("a number that is looked up by a name (libseccomp)", () => {
      const lookup = `
        struct row { const char *name; int number; };
        volatile struct row rows[] = { { "getpid", 39 }, { "seccomp", 317 }, { "other", 102 } };
        static int same(const char *a, const char *b) { while (*a && *a == *b) a++, b++; return *a == *b; }
        __attribute__((noinline)) int resolve(int arch, const char *name) {
          for (int i = 0; i < 3; i++) if (same(rows[i].name, name)) return rows[i].number + arch;
          return -1;
        }
        static int number = -1;
        __attribute__((noinline)) void use(void) { call1(number, 0); }
      `;

      test("is the one of a call's name", () => {
        const reach = reachOf(`${lookup} void run(void) { number = resolve(0, "seccomp"); use(); }`);
        expect(names(reach)).toEqual(["exit", "seccomp"]);
        expect(reach.open).toEqual([]);
      });

      test("is open if the name is another one", () => {
        const reach = reachOf(`${lookup} void run(void) { number = resolve(0, "other"); use(); }`);
        expect(reach.open).toHaveLength(1);
      });
    });

    test("a number from anywhere is open, and never absence", () => {
      const reach = reachOf("char **volatile argv; void run(void) { call1((long)argv[1][0], 0); }");
      expect(names(reach)).toEqual(["exit"]);
      expect(reach.open).toHaveLength(1);
    });

    test("code behind a call that never returns is not run after it", () => {
      const reach = reachOf(`
        __attribute__((noinline, noreturn)) void die(long n) { call1(231, n); for (;;) ; }
        volatile int x;
        void run(void) { long n = 39; if (x) die(7); call1(n, 0); }`);
      expect(names(reach)).toEqual(["exit", "exit_group", "getpid"]);
      expect(reach.open).toEqual([]);
    });

    test("functions that nobody refers to are not reached; pointers in data always are", () => {
      const reach = reachOf(`
        void never(void) { call1(169, 0); }
        static void later(void) { call1(39, 0); }
        void (*volatile table[])(void) = { later };
        void run(void) { }`);
      expect(names(reach)).toEqual(["exit", "getpid"]);
    });

    test("a pointer that only unreached code takes does not count (L2)", () => {
      const reach = reachOf(`
        static void target(void) { call1(169, 0); }
        void (*volatile where)(void);
        void never(void) { where = target; }
        void run(void) { where(); }`);
      expect(names(reach)).toEqual(["exit"]);
    });

    test("the same, position-independent and stripped of symbols and section headers", () => {
      const path = build(
        "gcc",
        `${inline}
        static void later(void) { call1(39, 0); }
        void (*volatile table[])(void) = { later };
        void run(void) { table[0](); }
        ${start}`,
        "-nostdlib",
        "-static-pie",
        "-fPIE",
        "-fno-stack-protector",
        level,
      );
      expect(names(reachOfFile(path))).toEqual(["exit", "getpid"]);
      expect(names(reachOfFile(strip(path)))).toEqual(["exit", "getpid"]);
    });
  });
});

describe("shapes of hand-written assembly", () => {
  const assembled = (source: string): ReturnType<typeof reachOfFile> => reachOfFile(build("gcc", source, ...bare));

  test("a call outside of every unwind range (glibc's clone3)", () => {
    const reach = assembled(`
      .text
      .globl _start
      _start: .cfi_startproc
        mov $435, %eax
        nop
        .cfi_endproc
        syscall
        mov $60, %eax
        syscall
        hlt
    `);
    expect(names(reach)).toEqual(["clone3", "exit"]);
  });

  test("an unwind range of a signal frame begins one byte early (__restore_rt)", () => {
    const reach = assembled(`
      .text
      .globl _start
      _start: .cfi_startproc
        lea restore(%rip), %rdx
        mov $60, %eax
        syscall
        hlt
        .cfi_endproc
      .byte 0x0f, 0x1f, 0x80, 0, 0, 0
      .cfi_startproc
      .cfi_signal_frame
        .byte 0
      restore:
        mov $15, %rax
        syscall
        .cfi_endproc
    `);
    expect(names(reach)).toEqual(["exit", "rt_sigreturn"]);
  });

  test("constants between functions that look like a call", () => {
    const reach = assembled(`
      .text
      .globl _start
      _start: .cfi_startproc
        mov $60, %eax
        syscall
        hlt
        .cfi_endproc
      .byte 0x0f, 0x05, 0xcd, 0x80, 0x0f, 0x05
    `);
    expect(names(reach)).toEqual(["exit"]);
    expect(reach.open).toEqual([]);
  });

  test("a low byte, push and pop, and zero that a branch proves (musl)", () => {
    const reach = assembled(`
      .text
      .globl _start
      _start:
        xor %eax, %eax
        mov $39, %al
        syscall
        push $102
        pop %rax
        syscall
        mov 8(%rsp), %rax
        test %rax, %rax
        je 1f
        mov $60, %eax
        syscall
        hlt
      1: syscall
        jmp 1b
    `);
    expect(names(reach)).toEqual(expect.arrayContaining(["exit", "getpid", "getuid", "read"]));
  });

  test("a register that survives a call (-fipa-ra)", () => {
    const reach = assembled(`
      .text
      .globl _start
      _start:
        mov $39, %edi
        call small
        call forward
        mov $60, %eax
        syscall
        hlt
      small: xor %ecx, %ecx
        ret
      forward: mov %edi, %eax
        syscall
        ret
    `);
    expect(names(reach)).toEqual(["exit", "getpid"]);
    expect(reach.open).toEqual([]);
  });

  test("int 0x80 is open: it has the i386 numbers", () => {
    const reach = assembled(`
      .text
      .globl _start
      _start: .cfi_startproc
        mov $1, %eax
        int $0x80
        hlt
        .cfi_endproc
    `);
    expect(reach.open).toEqual([expect.objectContaining({ function: "_start", reason: "i386 call" })]);
  });
});
