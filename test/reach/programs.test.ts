import { beforeEach, describe, expect, test } from "vitest";
import {
  build,
  buildGo,
  hostLibraries,
  names,
  needs,
  needsX64,
  observe,
  reachOfFile,
  strip,
  summaryOf,
} from "./toolchain.ts";

beforeEach(needsX64);

const program = `
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <sys/epoll.h>
int main(int argc, char **argv) {
  int e = epoll_create1(0);
  syscall(SYS_getcpu, 0, 0, 0);
  if (argc > 5) { FILE *f = popen("true", "r"); pclose(f); }
  puts("x");
  return close(e);
}`;

describe("programs with glibc", () => {
  beforeEach(needs("gcc"));

  describe.each(["-O0", "-O1", "-O2", "-O3"])("%s", (level) => {
    test("dynamic: what it calls is within the reach, with the ways; what it cannot is not", () => {
      const path = strip(build("gcc", program, level));
      const reach = reachOfFile(path, ...hostLibraries());
      expect(observe(path).filter((call) => !reach.calls.has(call))).toEqual([]);
      expect(reach.calls.get("epoll_create1")).toMatchObject({
        rank: "few-imports",
        imports: ["epoll_create1"],
        importCount: 1,
        object: "libc.so.6",
        function: "epoll_create1",
      });
      expect(reach.calls.get("getcpu")).toMatchObject({ rank: "few-imports", imports: ["syscall"] });
      expect(reach.startsPrograms).toEqual(["popen"]);
      expect(reach.open).toEqual([]);
      expect(reach.missing).toEqual([]);
      for (const call of ["ptrace", "bpf", "mount", "init_module", "epoll_wait"])
        expect(names(reach)).not.toContain(call);
    });

    test.each([["-static"], ["-static-pie"], ["-no-pie"]])(
      "%s: what it calls is within the reach, and no site is open",
      (kind) => {
        const path = build("gcc", program, level, kind);
        for (const file of [path, strip(path)]) {
          const reach = reachOfFile(file, ...(kind === "-no-pie" ? hostLibraries() : []));
          expect(observe(file).filter((call) => !reach.calls.has(call))).toEqual([]);
          expect(reach.open).toEqual([]);
          expect(names(reach)).not.toContain("ptrace");
        }
      },
    );
  });

  test("glibc has no open site, and no bound is met", () => {
    for (const library of hostLibraries()) {
      const { sites, limits } = summaryOf(library);
      expect(sites.open).toBe(0);
      expect(limits).toEqual([]);
    }
  });

  test("syscall(3) with a number from outside is an open site of the caller", () => {
    const path = build(
      "gcc",
      `
        #define _GNU_SOURCE
        #include <unistd.h>
        #include <stdlib.h>
        int main(int c, char **v) { return syscall(atoi(v[1])); }
      `,
      "-O2",
    );
    const { open } = reachOfFile(path, ...hostLibraries());
    expect(open).toEqual([expect.objectContaining({ function: "main" })]);
  });

  test.each([["-pie"], ["-no-pie"]])("a function that is looked up by a constant name is called, %s", (kind) => {
    const path = build(
      "gcc",
      `
        #define _GNU_SOURCE
        #include <dlfcn.h>
        int main(void) {
          int (*f)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "pkey_alloc");
          return f ? f() : 0;
        }
      `,
      "-O2",
      ...(kind === "-pie" ? ["-fPIE", kind] : ["-fno-pie", kind]),
    );
    expect(reachOfFile(path, ...hostLibraries()).calls.get("pkey_alloc")).toMatchObject({ rank: "few-imports" });
  });

  test("objects that were loaded late have all their exported functions called; needed ones do not", () => {
    const plugin = build(
      "gcc",
      "#include <sys/ptrace.h>\n#include <unistd.h>\nlong plug(void) { return ptrace(PTRACE_TRACEME); }",
      "-shared",
      "-fPIC",
      "-O2",
    );
    const path = build("gcc", "int main(void) { return 0; }", "-O2");
    expect(names(reachOfFile(path, ...hostLibraries()))).not.toContain("ptrace");
    expect(reachOfFile(path, ...hostLibraries(), plugin).calls.get("ptrace")).toMatchObject({
      rank: "few-imports",
      imports: ["ptrace"],
    });
    const needing = build("gcc", "int main(void) { return 0; }", "-O2", "-Wl,--no-as-needed", plugin);
    expect(names(reachOfFile(needing, ...hostLibraries(), plugin))).not.toContain("ptrace");
  });

  test("a library that is not given is listed as missing", () => {
    const path = build("gcc", "int main(void) { return 0; }", "-O2");
    expect(reachOfFile(path).missing).toEqual(["ld-linux-x86-64.so.2", "libc.so.6"]);
  });
});

describe("programs with musl", () => {
  beforeEach(needs("musl-gcc"));

  const source = `
    #include <stdio.h>
    #include <unistd.h>
    #include <stdlib.h>
    int main(int c, char **v) {
      if (c > 5) setuid(7);
      FILE *f = fopen(v[0], "r");
      fgetc(f);
      fclose(f);
      puts("x");
      return getppid() == 0;
    }
  `;

  test.each([["-O0"], ["-O2"], ["-Os"]])(
    "static, %s, stripped: every call is within the reach, and few others",
    (level) => {
      const path = strip(build("musl-gcc", source, "-static", level));
      const reach = reachOfFile(path);
      expect(observe(path).filter((call) => !reach.calls.has(call))).toEqual([]);
      expect(names(reach)).toEqual(expect.arrayContaining(["setuid", "getppid"]));
      expect(names(reach)).not.toContain("ptrace");
      expect(names(reach).length).toBeLessThan(60);
    },
  );

  test("the library: at most 2 open sites, though it has no unwind tables", () => {
    const { sites, limits } = summaryOf("/lib/ld-musl-x86_64.so.1");
    expect(sites.all).toBeGreaterThan(400);
    expect(sites.open).toBeLessThanOrEqual(2);
    expect(limits).toEqual([]);
  });
});

// The first build with a set of flags compiles Go's own packages.
describe("Go programs", { timeout: 300_000 }, () => {
  beforeEach(needs("go"));

  const source = `
    package main
    import ("fmt"; "os"; "syscall")
    func main() {
      fmt.Println(os.Getppid())
      syscall.Syscall(syscall.SYS_GETPGID, 0, 0, 0)
      os.Rename("/nonexistent/a", "b")
    }
  `;

  test.each([[["-ldflags=-s -w"]], [["-gcflags=all=-N -l"]], [["-buildmode=pie"]]])(
    "built with %j: what it calls is within the reach, and no site is open",
    (flags) => {
      const path = buildGo(source, ...flags);
      const reach = reachOfFile(path, ...(flags[0] === "-buildmode=pie" ? hostLibraries().slice(1) : []));
      expect(observe(path).filter((call) => !reach.calls.has(call))).toEqual([]);
      expect(reach.calls.get("getpgid")).toMatchObject({ rank: "own-code", function: "main.main" });
      expect(reach.open).toEqual([]);
      expect(reach.startsPrograms).toEqual([]);
      expect(names(reach)).not.toContain("ptrace");
    },
  );

  test("a program that runs others says so", () => {
    const path = buildGo('package main\nimport "os/exec"\nfunc main() { exec.Command("true").Run() }');
    expect(reachOfFile(path).startsPrograms.length).toBeGreaterThan(0);
  });
});
