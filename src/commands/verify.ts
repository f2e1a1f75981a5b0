import { inspectImage } from "../container/image.ts";
import type { RunCommand } from "../container/run-command.ts";
import { parseRunCommand } from "../container/run-command.ts";
import { sideProcesses } from "../container/side-processes.ts";
import { SeccompGenError } from "../errors.ts";
import { readProfile } from "../profile/index.ts";
import { escapeTerminal } from "../review/escape.ts";
import type { Verdict } from "../verifier/index.ts";
import { runUnderProfile } from "../verifier/index.ts";
import { readText } from "./files.ts";
import type { Terminal } from "./terminal.ts";

export interface VerifyOptions {
  readonly while: string | undefined;
  readonly exec: readonly string[];
  readonly stopAfter: number | undefined;
  /** Exit code a workload that ends by itself must have; undefined: 0. */
  readonly expectExit: number | undefined;
  readonly times: number;
}

/** `seccomp-gen verify PROFILE -- docker run …`: 0 it runs under the profile, 1 it does not, 2 trouble. */
export async function verify(profile: string, words: readonly string[], options: VerifyOptions, terminal: Terminal): Promise<number> {
  readProfile(await readText(profile), profile); // a broken profile is our message, not the engine's
  const run = await parseRunCommand(words);
  if (run === undefined) {
    throw new SeccompGenError({ code: "usage", what: "verify needs a container: a Docker profile cannot be put on a program of this host", todo: `seccomp-gen verify ${profile} -- docker run …` });
  }
  return reportVerdict(await verifyContainer(run, profile, options, terminal), profile, terminal);
}

/** Runs the workload under its profile, `times` times, until one run fails. */
export async function verifyContainer(run: RunCommand, profile: string, options: VerifyOptions, terminal: Terminal): Promise<Verdict> {
  const image = await inspectImage(run, terminal.note);
  const proof = {
    exercise: { while: options.while, stopAfter: options.stopAfter, interrupted: terminal.interrupted, notice: terminal.note },
    sides: sideProcesses(run, image, options.exec),
    expectExit: options.expectExit ?? 0,
  };
  let verdict: Verdict = { kind: "interrupted" };
  for (let time = 1; time <= options.times; time += 1) {
    terminal.note(`running the workload under ${profile}${options.times > 1 ? ` (${time} of ${options.times})` : ""}`);
    verdict = await runUnderProfile(run, profile, proof);
    if (verdict.kind !== "passed") break;
  }
  return verdict;
}

/** Says what was found; resolves to the exit code. */
export function reportVerdict(verdict: Verdict, profile: string, terminal: Terminal): number {
  const [code, ...lines] = verdictText(verdict);
  terminal.note(`verify ${profile}: ${lines.map((line) => escapeTerminal(line)).join("\n  ")}${code === 1 ? `\n  next: ${advice(verdict)}` : ""}`);
  return code;
}

/** What to do about a failure. */
function advice(verdict: Verdict): string {
  if (verdict.kind === "not-started") return "look whether the command starts without the profile; a profile for no-new-privileges does not start without it, and one made with --floor of one runtime not on another";
  if (verdict.kind === "side-failed") return "record the command too: seccomp-gen record --append --exec 'CMD' …";
  return "look whether the same passes without the profile; if it does, record what was missing with seccomp-gen record --append … and verify again";
}

function verdictText(verdict: Verdict): readonly [number, ...string[]] {
  switch (verdict.kind) {
    case "passed":
      return [0, "passed: the workload runs under this profile"];
    case "not-started":
      return [1, `FAILED: the container did not start (exit code ${verdict.exitCode ?? "unknown"}); the runtime said:`, ...verdict.said.split("\n")];
    case "wrong-exit":
      return [1, `FAILED: exit code ${verdict.exitCode ?? "unknown"}, expected ${verdict.expected}; the last words on stderr:`, ...verdict.said.split("\n")];
    case "ended-early":
      return [1, `FAILED: the container ended (exit code ${verdict.exitCode ?? "unknown"}) before the --while command did; the last words on stderr:`, ...verdict.said.split("\n")];
    case "exercise-failed":
      return [1, `FAILED: the --while command ended with exit code ${verdict.whileExitCode}; the workload's last words on stderr:`, ...verdict.said.split("\n")];
    case "side-failed":
      return [1, `FAILED: ${verdict.label} ended with exit code ${verdict.exitCode}:`, ...verdict.said.split("\n")];
    case "interrupted":
      return [2, "interrupted: no verdict"];
    default:
      return verdict satisfies never;
  }
}
