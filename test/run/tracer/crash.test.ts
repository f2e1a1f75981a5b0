import { expect, test } from "vitest";
import { hearCrash, type Crash } from "../../../src/run/tracer/crash.ts";

const fault = (thread: number, address: string): string =>
  `${thread}     [   1] --- SIGSEGV {si_signo=11 /* SIGSEGV */, si_code=0x1 /* SEGV_MAPERR */, ` +
  `si_addr=${address}} ---\n`;

/** The crashes in a trace that arrives in pieces of `size` bytes. The trace itself must be passed on. */
async function heard(trace: string, size = 1000): Promise<readonly Crash[]> {
  const crashes: Crash[] = [];
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < trace.length; at += size) yield Buffer.from(trace.slice(at, at + size));
  };
  let passed = "";
  for await (const chunk of hearCrash(pieces(), (crash) => void crashes.push(crash)))
    passed += Buffer.from(chunk).toString();
  expect(passed).toBe(trace);
  return crashes;
}

test("a fault that is made again and again is heard, and once more at each tenfold", async () => {
  expect(await heard(fault(1, "NULL").repeat(19))).toEqual([]);
  expect(await heard(fault(1, "NULL").repeat(30))).toEqual([{ thread: 1, signal: "SIGSEGV" }]);
  expect(await heard(fault(7, "0x8").repeat(300))).toHaveLength(2);
});

test("faults are heard as made again and again although lines of other threads stand between them", async () => {
  expect(await heard(`${fault(1, "NULL")}2 [  39] getpid() = 1\n`.repeat(40), 500)).toHaveLength(1);
});

test("faults at many places, signals that somebody sent, and a program's own text are no crash", async () => {
  expect(await heard(Array.from({ length: 5000 }, (_, index) => fault(1, `0x${index.toString(16)}`)).join(""))).toEqual(
    [],
  );
  expect(
    await heard(
      "1 [   1] --- SIGSEGV {si_signo=11 /* SIGSEGV */, si_code=0 /* SI_USER */, si_pid=7, si_uid=0} ---\n".repeat(40),
    ),
  ).toEqual([]);
  expect(
    await heard('1 [   1] write(1, "--- SIGSEGV {si_signo=11, si_code=0x1, si_addr=NULL} ---", 50) = 50\n'.repeat(40)),
  ).toEqual([]);
});
