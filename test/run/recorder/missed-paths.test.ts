import { expect, test } from "vitest";
import { createAggregator, type Exercised } from "../../../src/core/recording/index.ts";
import { missedPaths } from "../../../src/run/recorder/missed-paths.ts";
import { parseStraceSync } from "../../../src/strace-parser/index.ts";

function exercised(log: string): Exercised {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64", life: { stopSignal: "SIGTERM" } });
  for (const event of parseStraceSync(log)) aggregator.add(event);
  return aggregator.exercised();
}

const serving = '7 execve("/usr/bin/app", ["app"], 0x1 /* 0 vars */) = 0\n7 accept4(3, 0x1, 0x1, 0) = 4\n';

test("of a program that takes no connection nothing is said", () => {
  expect(missedPaths(exercised('7 execve("/bin/ls", ["ls"], 0x1 /* 0 vars */) = 0\n'), undefined)).toBeUndefined();
});

test("a service that did nothing but serve missed all of it", () => {
  expect(missedPaths(exercised(serving), { killed: false, health: "missed", execs: 0 })).toEqual([
    "reload (SIGHUP)",
    "log rotation (SIGUSR1)",
    "an orderly end (it never got its stop signal)",
    "errors (no call failed while it served)",
    "the health check (it failed, or the container ended before it ran)",
    "docker exec (--exec CMD)",
  ]);
});

test("a service that did all of it missed nothing", () => {
  const log = [
    "7 read(4, 0x1, 9) = -1 ECONNRESET (Connection reset by peer)",
    "7 --- SIGHUP {si_signo=SIGHUP, si_code=SI_USER, si_pid=0, si_uid=0} ---",
    "7 --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=0, si_uid=0} ---",
    "7 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=0, si_uid=0} ---",
  ].join("\n");
  expect(missedPaths(exercised(`${serving}${log}\n`), { killed: false, health: "seen", execs: 1 })).toEqual([]);
});

test("a service that has to be killed, and one that only waited, are told so", () => {
  const log =
    "7 read(4, 0x1, 9) = -1 EAGAIN (Resource temporarily unavailable)\n7 --- SIGTERM " +
    "{si_signo=SIGTERM, si_code=SI_USER, si_pid=0, si_uid=0} ---\n";
  expect(missedPaths(exercised(`${serving}${log}`), { killed: true, health: "none", execs: 1 })).toEqual([
    "reload (SIGHUP)",
    "log rotation (SIGUSR1)",
    "an orderly end (it ignored its stop signal and was killed)",
    "errors (no call failed while it served)",
  ]);
});
