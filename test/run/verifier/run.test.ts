import { describe, expect, test } from "vitest";
import { judge, type Proof, type SubjectEnd } from "../../../src/run/verifier/run.ts";

const proof: Proof = {
  exercise: {
    while: undefined,
    stopAfter: undefined,
    interrupted: new AbortController().signal,
    notice: () => undefined,
    others: undefined,
    streams: "shown",
  },
  execs: [],
  expectExit: 0,
};
const end: SubjectEnd = {
  exitCode: 0,
  by: "itself",
  started: true,
  whileExitCode: undefined,
  endedDuringWhile: false,
  stderrTail: "",
};

describe("a run gets the verdict of its end", () => {
  test.each<[string, Partial<SubjectEnd>, string]>([
    ["by itself", {}, "passed"],
    ["with another exit code", { exitCode: 3 }, "wrong-exit"],
    ["before it began", { started: false, exitCode: 125 }, "not-started"],
    ["with a file that is no program", { exitCode: 1, stderrTail: "exec /s.sh: exec format error\n" }, "not-started"],
    ["with the same words of a program", { exitCode: 2, stderrTail: "exec /s.sh: exec format error\n" }, "wrong-exit"],
    ["by Ctrl-C", { by: "interrupt", exitCode: 137 }, "interrupted"],
    ["by Ctrl-C before it began", { by: "interrupt", started: false, exitCode: 130 }, "interrupted"],
  ])("%s", (_, more, kind) => expect(judge({ ...end, ...more }, proof).kind).toBe(kind));
});
