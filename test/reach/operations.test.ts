import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import type { Reach } from "../../src/reach/index.ts";
import { build, buildGo, hostLibraries, needs, needsX64, reachOfFile, strip } from "./toolchain.ts";

beforeEach(needsX64);
beforeEach(needs("gcc"));

const passed = ({ operations }: Reach, syscall: string): readonly string[] =>
  operations
    .filter((one) => one.syscall === syscall)
    .map(({ values }) => values.map((value) => value ?? "*").join(" "));

/** Values that are no constants come from the command line. */
const source = `
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <netinet/in.h>
__attribute__((noinline)) static int option(int fd, int level, int name) {
  int on = 1;
  return setsockopt(fd, level, name, &on, sizeof on);
}
__attribute__((noinline)) static int listening(int family, int flags) {
  int fd = socket(family, SOCK_STREAM | flags, 0);
  option(fd, SOL_SOCKET, SO_KEEPALIVE);
  return fd;
}
int never(void) { return socket(38, SOCK_SEQPACKET, 0); }
int main(int argc, char **argv) {
  listening(AF_UNIX, SOCK_CLOEXEC);
  int fd = listening(AF_INET6, 0);
  option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
  option(fd, IPPROTO_TCP, atoi(argv[1]));
  return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
}`;

const expected = {
  socket: ["1 524289 0", "10 1 0"],
  setsockopt: ["1 9", "41 26", "6 *"],
  prctl: ["8"],
} as const;

describe("what code passes for the arguments that choose among operations", () => {
  test.each(["-O0", "-O1", "-O2", "-O3", "-Os"])("%s: values of one call stay together, through wrappers", (level) => {
    const flags = [level, "-ffunction-sections", "-Wl,--gc-sections"];
    const reach = reachOfFile(strip(build("gcc", source, ...flags)), ...hostLibraries());
    for (const [syscall, values] of Object.entries(expected)) {
      expect(passed(reach, syscall)).toEqual(expect.arrayContaining([...values]));
      expect(passed(reach, syscall)).not.toContain("38 5 0");
    }
    expect(passed(reach, "prctl")).toEqual(["8"]);
  });

  test("static: the C library's own wrappers are followed to their callers", () => {
    const reach = reachOfFile(strip(build("gcc", source, "-O2", "-static")));
    for (const [syscall, values] of Object.entries(expected))
      expect(passed(reach, syscall)).toEqual(expect.arrayContaining([...values]));
    expect(passed(reach, "setsockopt")).not.toContain("* *");
  });

  test("syscall(3) passes a number and its arguments", () => {
    const direct = `
      #include <sys/syscall.h>
      #include <unistd.h>
      int main(int argc, char **argv) {
        syscall(SYS_socket, 40, 5, 0);
        return syscall(SYS_prctl, argc);
      }`;
    const reach = reachOfFile(build("gcc", direct, "-O2"), ...hostLibraries());
    expect(passed(reach, "socket")).toContain("40 5 0");
    expect(passed(reach, "prctl")).toEqual(["*"]);
  });

  test("a value that a branch proves of one argument stays with what the caller passes for it", () => {
    const compared = `
      #include <sys/socket.h>
      int disabled;
      __attribute__((noinline)) static int open_one(int family, int type) {
        if (family == AF_INET6 && disabled) return -1;
        return socket(family, type, 0);
      }
      int main(void) { return open_one(AF_NETLINK, SOCK_RAW) + open_one(AF_INET, SOCK_STREAM); }`;
    const reach = reachOfFile(build("gcc", compared, "-O1", "-fno-ipa-cp"), ...hostLibraries());
    const own = passed(reach, "socket").filter((values) => !/524\d{3}/.test(values));
    expect(own).toEqual(expect.arrayContaining(["16 3 0", "2 1 0"]));
    expect(own.filter((values) => values.startsWith("10 "))).toEqual([]);
  });

  test("a call behind a pointer may pass anything", () => {
    const behind = `
      #include <sys/prctl.h>
      int (*volatile call)(int, ...) = prctl;
      int main(void) { return call(PR_SET_NAME, "x"); }`;
    expect(passed(reachOfFile(build("gcc", behind, "-O2"), ...hostLibraries()), "prctl")).toEqual(["*"]);
  });

  test("getaddrinfo(3) asks the kernel for routes, and syslog(3) has a socket of AF_UNIX", () => {
    const names = `
      #include <netdb.h>
      #include <syslog.h>
      int main(int argc, char **argv) {
        struct addrinfo *found;
        syslog(3, "x");
        return getaddrinfo(argv[1], 0, 0, &found);
      }`;
    const reach = reachOfFile(build("gcc", names, "-O2"), ...hostLibraries());
    expect(passed(reach, "socket")).toEqual(expect.arrayContaining(["16 524291 0", "1 524290 0"]));
    const none = reachOfFile(build("gcc", "int main(void) { return 0; }", "-O2"), ...hostLibraries());
    expect(passed(none, "socket").filter((value) => /^(?:16|1) /.test(value))).toEqual([]);
  });
});

describe("aarch64", () => {
  beforeEach(needs("aarch64-linux-gnu-gcc"));
  test("values that static code passes are read", () => {
    const reach = reachOfFile(strip(build("aarch64-linux-gnu-gcc", source, "-O2", "-static")));
    for (const [syscall, values] of Object.entries(expected))
      expect(passed(reach, syscall)).toEqual(expect.arrayContaining([...values]));
  });
});

describe("Go", () => {
  beforeEach(needs("go"));
  const days = readFileSync(new URL("../live/workloads/go/days.go", import.meta.url), "utf8");

  test.each([[[]], [["-ldflags=-s -w"]]])("constants of the standard library are read (%s)", (flags) => {
    const reach = reachOfFile(buildGo(days, ...flags));
    // NODELAY, KEEPALIVE, BROADCAST, V6ONLY, and the group of ListenMulticastUDP
    expect(passed(reach, "setsockopt")).toEqual(expect.arrayContaining(["6 1", "1 9", "1 6", "41 26", "0 35"]));
    // For the addresses of this machine. Other families come as variables.
    expect(passed(reach, "socket")).toEqual(expect.arrayContaining(["16 3 0", "* * *"]));
    expect(passed(reach, "socket").filter((values) => values.startsWith("10 3"))).toEqual([]);
  });
});

describe("musl", () => {
  beforeEach(needs("musl-gcc"));
  test("values that static code passes are read", () => {
    const reach = reachOfFile(strip(build("musl-gcc", source, "-O2", "-static")));
    for (const [syscall, values] of Object.entries(expected))
      expect(passed(reach, syscall)).toEqual(expect.arrayContaining([...values]));
  });
});
