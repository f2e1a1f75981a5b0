import { expect, test } from "vitest";
import { allArchitectures, exposures, syscallNames, weigh } from "../../../src/core/tables/index.ts";

const names = [...new Set(allArchitectures.flatMap((arch) => syscallNames(arch)))];

test("every call of every architecture has a weight and a reason", () => {
  expect(names.filter((name) => weigh(name).reason === "")).toEqual([]);
  expect(weigh("no_such_call")).toEqual({ weight: "weighty", reason: "no table knows this call" });
});

test("a call that attackers look for is dangerous, and a notable one is never ordinary", () => {
  for (const { names: exposed, level } of exposures)
    for (const name of exposed) expect(weigh(name).weight, name).toBe(level === "danger" ? "dangerous" : "weighty");
});

test("the calls whose denial broke services on another day are ordinary", () => {
  const harmless =
    "fdatasync pwrite64 poll fadvise64 unlinkat uname getxattr linkat readlink timer_create " +
    "timer_settime alarm setitimer";
  for (const name of harmless.split(" ")) expect(weigh(name).weight, name).toBe("ordinary");
});

test("subsystems with a history are weighty, whatever reaches them", () => {
  for (const name of "shmget msgget mq_open io_setup execveat memfd_create splice chroot seccomp".split(" "))
    expect(weigh(name).weight, name).toBe("weighty");
});
